/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/schema.h"

#include "forwarder/conf/conf.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define MEMBER(type, member)                                                                       \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define CONF(member)    MEMBER(struct fwd_conf, member)
#define GATEWAY(member) MEMBER(struct conf_gateway, member)
#define UDP(member)     MEMBER(struct conf_udp, member)
#define SERIAL(member)  MEMBER(struct conf_serial, member)
#define ELEMENTS(array)                                                                            \
	.offset = offsetof(struct fwd_conf, array),                                                \
	.size = sizeof(*((struct fwd_conf *)NULL)->array),                                         \
	.count_offset = offsetof(struct fwd_conf, n_##array)
#define MEMBERS(table) .members = { table, LENGTH(table) }

#define SECONDS(n) ((n)*1000)
#define DAYS(n)    SECONDS((n)*86400u)

#define RECEIVE_BUFFER_HELP                                                                        \
	"Room in the kernel for datagrams that wait to be read; 0: the system's default. The "     \
	"kernel grants at most net.core.rmem_max."
#define INTERFACE_HELP "Network interface of the multicast group; without it, the system's choice."
#define HOPS_HELP      "Hop limit of multicasts for which no radius was asked; 1: this network only."

static const struct schema_row gateway[] = {
	{ "address", SCHEMA_ADDRESS, GATEWAY(address), .required = true,
	    .example = "192.0.2.1:1884", .help = "IP address and UDP port of the gateway." },
};

static const struct schema_row uplink[] = {
	{ "address", SCHEMA_ADDRESS, CONF(uplink.port.bind), .preset = "0.0.0.0:0",
	    .help =
	        "Address and UDP port from which the gateways are spoken to; port 0: one of the "
	        "system's choice. A gateway knows its clients by it: with a port of its own "
	        "here, they keep their sessions when the forwarder is restarted. Use \"[::]:0\" "
	        "for gateways with IPv6." },
	{ "discover", SCHEMA_BOOL, CONF(uplink.discover), .preset = "false",
	    .help =
	        "Search for gateways in the multicast group, and use those that are found after "
	        "those of the list. Whoever is in that network can pose as a gateway." },
	{ "multicast", SCHEMA_ADDRESS, CONF(uplink.port.multicast), .example = "225.1.1.1:1884",
	    .help = "Multicast group and UDP port of the gateways, of the same family as address: "
	            "their ADVERTISE is heard there." },
	{ "interface", SCHEMA_TEXT, CONF(uplink.port.interface), .least = 1, .most = 15,
	    .example = "eth0", .help = INTERFACE_HELP },
	{ "hops", SCHEMA_COUNT, CONF(uplink.port.hops), .least = 1, .most = 255, .preset = "1",
	    .help = HOPS_HELP },
	{ "probe", SCHEMA_SECONDS, CONF(uplink.probe), .least = 100, .most = SECONDS(3600),
	    .preset = "10",
	    .help =
	        "A gateway that is silent for so long is asked whether it is there, if there is "
	        "any other." },
	{ "missed", SCHEMA_COUNT, CONF(uplink.missed), .least = 1, .most = 100, .preset = "3",
	    .help = "When so many questions went unanswered another gateway takes its place." },
	{ "receive_buffer", SCHEMA_COUNT, CONF(uplink.port.receive_buffer), .least = 4096,
	    .most = 1u << 30, .or_zero = true, .unit = "octets", .preset = "4194304",
	    .help = RECEIVE_BUFFER_HELP },
};

static const struct schema_row udp[] = {
	{ "address", SCHEMA_ADDRESS, UDP(port.bind), .preset = "127.0.0.1:1885",
	    .help = "Address and UDP port that the nodes speak to. \"0.0.0.0:1885\" opens it to "
	            "every network the machine is in, \"[::]:1885\" does so for IPv6." },
	{ "max_packet", SCHEMA_COUNT, UDP(max_packet), .least = 32, .most = 65000, .unit = "octets",
	    .preset = "65000", .help = "The longest MQTT-SN message passed on, either way." },
	{ "multicast", SCHEMA_ADDRESS, UDP(port.multicast), .example = "225.1.1.2:1884",
	    .help =
	        "Multicast group and UDP port where the nodes search for a gateway and hear its "
	        "ADVERTISE, of the same family as address." },
	{ "interface", SCHEMA_TEXT, UDP(port.interface), .least = 1, .most = 15, .example = "wlan0",
	    .help = INTERFACE_HELP },
	{ "hops", SCHEMA_COUNT, UDP(port.hops), .least = 1, .most = 255, .preset = "1",
	    .help = HOPS_HELP },
	{ "receive_buffer", SCHEMA_COUNT, UDP(port.receive_buffer), .least = 4096, .most = 1u << 30,
	    .or_zero = true, .unit = "octets", .preset = "4194304", .help = RECEIVE_BUFFER_HELP },
};

static const char *const framing_names[] = {
	[FRAMING_SLIP] = "slip", [FRAMING_HDLC] = "hdlc", [FRAMING_PLAIN] = "plain", NULL
};

static const char *const parity_names[] = {
	[SERIAL_NO_PARITY] = "none", [SERIAL_EVEN] = "even", [SERIAL_ODD] = "odd", NULL
};

static const struct schema_row serial[] = {
	{ "device", SCHEMA_TEXT, SERIAL(device), .least = 1, .most = 4095, .required = true,
	    .example = "/dev/ttyUSB0",
	    .help =
	        "The device; a name below /dev/serial/by-id stays the same when it is plugged in "
	        "elsewhere. While it is not there it is waited for." },
	{ "framing", SCHEMA_CHOICE, SERIAL(framing), .choices = framing_names, .preset = "slip",
	    .help = "What frames look like on the line: \"slip\" (RFC 1055), \"hdlc\" (as in RFC "
	            "1662, with a checksum: the choice for lines with noise), or \"plain\": bare "
	            "MQTT-SN messages of a single node." },
	{ "node_id", SCHEMA_TEXT, SERIAL(node_id), .least = 2, .most = 2 * SN_NODE_ID_MAX,
	    .example = "0001",
	    .help = "In hexadecimal. With plain framing: the id of the node, which is needed then. "
	            "Else it is put before the ids of all nodes here: needed if nodes of two lines "
	            "have the same ids." },
	{ "max_packet", SCHEMA_COUNT, SERIAL(max_packet), .least = 32, .most = 65000,
	    .unit = "octets", .preset = "512",
	    .help = "The longest MQTT-SN message passed on, either way: what the radio carries in "
	            "one piece." },
	{ "speed", SCHEMA_COUNT, SERIAL(speed), .least = 1200, .most = 3000000,
	    .unit = "bits per second", .preset = "115200", .help = "Of the line, both ways." },
	{ "parity", SCHEMA_CHOICE, SERIAL(parity), .choices = parity_names, .preset = "none",
	    .help = "The parity bit." },
	{ "stop_bits", SCHEMA_COUNT, SERIAL(stop_bits), .least = 1, .most = 2, .preset = "1",
	    .help = "Bits at the end of each octet." },
	{ "flow_control", SCHEMA_BOOL, SERIAL(flow_control), .preset = "false",
	    .help = "Use RTS and CTS." },
};

static const struct schema_row nodes[] = {
	{ "limit", SCHEMA_COUNT, CONF(nodes), .least = 1, .most = 1000000, .preset = "10000",
	    .help = "Nodes known at once. When there are more, the one that was silent the longest "
	            "is forgotten: it cannot be reached until it speaks again." },
	{ "age", SCHEMA_SECONDS, CONF(node_age), .least = SECONDS(1), .most = DAYS(49),
	    .preset = "604800",
	    .help = "A node that was silent for so long is forgotten. Make it longer than nodes "
	            "sleep." },
};

static const char *const log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };

static const struct schema_row log_rows[] = {
	{ "level", SCHEMA_CHOICE, CONF(log.level), .choices = log_levels, .preset = "info",
	    .help = "What is logged: this and all that is more severe." },
	{ "packets", SCHEMA_BOOL, CONF(log.packets), .preset = "false",
	    .help = "Log a line for each MQTT-SN message, as it is heard and as it is passed on." },
};

static const struct schema_row sections[] = {
	{ "gateways", SCHEMA_LIST, ELEMENTS(gateways), MEMBERS(gateway), .least = 0,
	    .most = CHOICE_FIXED_MAX,
	    .help = "The gateways, the most preferred one first: a group for each." },
	{ "uplink", SCHEMA_GROUP, MEMBERS(uplink), .help = "The way to the gateways." },
	{ "udp", SCHEMA_LIST, ELEMENTS(udp), MEMBERS(udp), .least = 0, .most = 64,
	    .help = "Networks of nodes that speak UDP: a group for each port." },
	{ "serial", SCHEMA_LIST, ELEMENTS(serial), MEMBERS(serial), .least = 0, .most = 64,
	    .help = "Radios and nodes on serial lines: a group for each." },
	{ "nodes", SCHEMA_GROUP, MEMBERS(nodes), .help = "What is remembered of the nodes." },
	{ "log", SCHEMA_GROUP, MEMBERS(log_rows), .help = "The log, on standard error." },
};

static const struct schema everything = { sections, LENGTH(sections) };

const struct schema *fwd_conf_schema(void)
{
	return &everything;
}

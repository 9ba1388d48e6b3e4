/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/schema.h"

#include "gateway/conf/conf.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define MEMBER(type, member)                                                                       \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define CONF(member)     MEMBER(struct conf, member)
#define LISTENER(member) MEMBER(struct conf_listener, member)
#define PREDEF(member)   MEMBER(struct conf_predefined, member)
#define ELEMENTS(array)                                                                            \
	.offset = offsetof(struct conf, array), .size = sizeof(*((struct conf *)NULL)->array),     \
	.count_offset = offsetof(struct conf, n_##array)
#define MEMBERS(table) .members = { table, LENGTH(table) }

#define SECONDS(n) ((n)*1000)
#define DAYS(n)    SECONDS((n)*86400u)

#define TEXT_MAX 65535 /* of a string in MQTT */

static const struct schema_row gateway[] = {
	{ "id", SCHEMA_COUNT, CONF(core.gateway_id), .least = 1, .most = 255, .preset = "1",
	    .help = "The gateway's number in ADVERTISE and GWINFO. Gateways of one network need "
	            "different ones." },
	{ "client_id", SCHEMA_TEXT, CONF(own.client_id), .least = 1, .most = 1024,
	    .example = "mqttsn-gateway-1",
	    .help =
	        "Client id of the gateway's own session with the broker, which carries QoS -1 messages and shows "
	        "whether the broker can be reached. Without it, one is made of host and process." },
};

static const struct schema_row dtls[] = {
	{ "cert", SCHEMA_FILE, LISTENER(dtls.cert), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/dtls.pem",
	    .help =
	        "PEM file with the certificate that the gateway shows to clients, and those between it and its "
	        "authority. With it, or psk_file, or both, the listener speaks DTLS 1.2 and nothing else." },
	{ "key", SCHEMA_FILE, LISTENER(dtls.key), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/dtls.key",
	    .help = "PEM file with the key of that certificate." },
	{ "ca", SCHEMA_FILE, LISTENER(dtls.ca), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/sensors-ca.pem",
	    .help =
	        "PEM file of the authorities that certificates of clients must come from. With it, clients without "
	        "a pre-shared key need a certificate; without it none is asked for, and where there is cert everybody "
	        "gets in." },
	{ "cert_optional", SCHEMA_BOOL, LISTENER(dtls.cert_optional), .preset = "false",
	    .help = "With ca: take clients that show no certificate, too." },
	{ "psk_file", SCHEMA_FILE, LISTENER(dtls.psk_file), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/psk",
	    .help =
	        "File of pre-shared keys: a line IDENTITY:KEY for each client, the key in hexadecimal." },
	{ "identity_is_client_id", SCHEMA_BOOL, LISTENER(rules.identity_is_client_id),
	    .preset = "false",
	    .help =
	        "Refuse a CONNECT whose client id is not the identity of the pre-shared key, or the common name of "
	        "the client's certificate. Otherwise whoever has a key can use any client id." },
	{ "mtu", SCHEMA_COUNT, LISTENER(dtls.mtu), .least = 256, .most = 16384, .unit = "octets",
	    .preset = "1232",
	    .help =
	        "The longest datagram sent in a handshake; certificates are split to fit. MQTT-SN messages are not: "
	        "DTLS adds up to 37 octets to each, so that max_packet must leave room for them." },
	{ "peers", SCHEMA_COUNT, LISTENER(dtls.peers), .least = 1, .most = 1000000,
	    .preset = "10000",
	    .help =
	        "Addresses with which keys have been agreed, at once. When there are more, the one that was silent "
	        "longest has to begin anew." },
	{ "handshakes", SCHEMA_COUNT, LISTENER(dtls.handshakes), .least = 1, .most = 100000,
	    .preset = "500", .help = "Handshakes under way at once; more are not begun." },
	{ "handshake_timeout", SCHEMA_SECONDS, LISTENER(dtls.handshake_timeout), .least = 1000,
	    .most = SECONDS(3600), .preset = "30",
	    .help = "A handshake that is not finished after this time is given up." },
	{ "idle", SCHEMA_SECONDS, LISTENER(dtls.idle), .least = SECONDS(1), .most = DAYS(49),
	    .or_zero = true, .preset = "100000",
	    .help =
	        "A client that was silent for so long has to begin anew; 0: never. The default is longer than the "
	        "longest sleep of MQTT-SN." },
};

static const struct schema_row listener[] = {
	{ "address", SCHEMA_ADDRESS, LISTENER(bind), .preset = "127.0.0.1:1884",
	    .help =
	        "Address and UDP port. 127.0.0.1 is reached from this machine only; \"0.0.0.0:1884\" "
	        "opens the gateway to every network the machine is in, \"[::]:1884\" does so for "
	        "IPv6. MQTT-SN knows no passwords: whoever reaches the port can publish and "
	        "subscribe with the gateway's rights at the broker, unless dtls or broker.logins_file say otherwise." },
	{ "max_packet", SCHEMA_COUNT, LISTENER(rules.max_packet), .least = 32, .most = 65507,
	    .unit = "octets", .preset = "65507",
	    .help =
	        "The longest MQTT-SN message sent here. Set it to what the network below carries "
	        "in one piece; longer messages are not sent, as MQTT-SN cannot split them." },
	{ "qos_minus_one", SCHEMA_BOOL, LISTENER(rules.qos_minus_one), .preset = "false",
	    .help = "Take PUBLISH with QoS -1, which needs no connection, from anyone." },
	{ "qos_minus_one_names", SCHEMA_BOOL, LISTENER(rules.qos_minus_one_names),
	    .preset = "false",
	    .help =
	        "Take it also with the topic name in the message, as some clients send it, besides predefined ids "
	        "and short names." },
	{ "discovery", SCHEMA_BOOL, LISTENER(rules.discovery), .preset = "false",
	    .help =
	        "Answer clients that search for a gateway (SEARCHGW), and advertise it to the multicast "
	        "group; while the broker can be reached, for which the gateway has a client there." },
	{ "multicast", SCHEMA_ADDRESS, LISTENER(multicast), .example = "225.1.1.1:1884",
	    .help = "Multicast group and UDP port where clients search, of the same family as "
	            "address; without it only those that know the address can ask." },
	{ "interface", SCHEMA_TEXT, LISTENER(interface), .least = 1, .most = 15, .example = "eth0",
	    .help = "Network interface of the multicast group; without it, the system's choice." },
	{ "hops", SCHEMA_COUNT, LISTENER(hops), .least = 1, .most = 255, .preset = "1",
	    .help =
	        "Hop limit of multicasts for which no radius was asked; 1: this network only." },
	{ "receive_buffer", SCHEMA_COUNT, LISTENER(receive_buffer), .least = 4096, .most = 1u << 30,
	    .or_zero = true, .unit = "octets", .preset = "4194304",
	    .help =
	        "Room in the kernel for datagrams that wait to be read; 0: the system's default. "
	        "The kernel grants at most net.core.rmem_max." },
	{ "dtls", SCHEMA_GROUP, MEMBERS(dtls),
	    .help = "Encryption of the way to the clients; off without cert and psk_file." },
};

static const struct schema_row tls[] = {
	{ "enabled", SCHEMA_BOOL, CONF(broker.tls), .preset = "false",
	    .help = "Speak TLS with the broker, mostly on port 8883." },
	{ "ca", SCHEMA_FILE, CONF(broker.tls_ca), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/ca.pem",
	    .help = "PEM file of the authorities to trust; without it, those of the system." },
	{ "cert", SCHEMA_FILE, CONF(broker.tls_cert), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/gateway.pem",
	    .help = "PEM file with the certificate that the gateway shows to the broker." },
	{ "key", SCHEMA_FILE, CONF(broker.tls_key), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/gateway.key",
	    .help = "PEM file with the key of that certificate." },
	{ "insecure", SCHEMA_BOOL, CONF(broker.tls_insecure), .preset = "false",
	    .help = "Do not check that the certificate's name is the broker's. For tests only." },
};

static const char *const outages[] = { [CONF_OUTAGE_AUTO] = "auto",
	[CONF_OUTAGE_STORE] = "store",
	[CONF_OUTAGE_REFUSE] = "refuse",
	NULL };

static const char *const unlisted_clients[] = {
	[CONF_UNLISTED_ADMIT] = "admit", [CONF_UNLISTED_REFUSE] = "refuse", NULL
};

static const struct schema_row broker[] = {
	{ "host", SCHEMA_TEXT, CONF(broker.host), .least = 1, .most = 255, .preset = "127.0.0.1",
	    .help = "Name or IP address of the MQTT broker." },
	{ "port", SCHEMA_COUNT, CONF(broker.port), .least = 1, .most = 65535, .preset = "1883",
	    .help = "Its TCP port." },
	{ "fallbacks", SCHEMA_HOSTS, CONF(broker.fallbacks), .least = 0, .most = CONF_FALLBACKS_MAX,
	    .example = "broker-2.example.org:1883",
	    .help =
	        "Other brokers, in the order in which they are tried when the one in use cannot be reached; after "
	        "the last, the first broker again. All clients are with one broker; it is left when none of them "
	        "is connected there any more. Without a port, the port above." },
	{ "user", SCHEMA_TEXT, CONF(broker.user), .least = 1, .most = TEXT_MAX,
	    .example = "mqttsn-gateway",
	    .help = "User name for the sessions with the broker: of clients that logins_file has "
	            "no other for, and the gateway's own." },
	{ "password", SCHEMA_SECRET, CONF(broker.password), .least = 1, .most = TEXT_MAX,
	    .example = "secret",
	    .help = "The user's password. password_file is the better place for it." },
	{ "password_file", SCHEMA_FILE, CONF(broker.password_file), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/password",
	    .help = "File whose first line is the password." },
	{ "logins_file", SCHEMA_FILE, CONF(broker.logins_file), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/logins.conf",
	    .help =
	        "File that gives clients user names and passwords of their own, by their ids, and says who may not "
	        "connect: see THE LOGINS FILE in mqttsn-gateway.conf(5)." },
	{ "unlisted_clients", SCHEMA_CHOICE, CONF(broker.unlisted_clients),
	    .choices = unlisted_clients, .preset = "admit",
	    .help =
	        "What becomes of clients that no entry of logins_file matches. \"admit\": they connect with user and "
	        "password above; \"refuse\": they may not connect." },
	{ "keep_alive", SCHEMA_COUNT, CONF(broker.keep_alive), .least = 5, .most = 65535,
	    .or_zero = true, .unit = "seconds", .preset = "60",
	    .help = "Keep alive of the sessions with the broker, whatever that of the clients; "
	            "0: none." },
	{ "shared_connections", SCHEMA_COUNT, CONF(broker.shared_connections), .least = 0,
	    .most = 64, .preset = "0",
	    .help =
	        "Connections with the broker that clients share which only publish: those with CleanSession, without "
	        "will, subscription, and user in logins_file. At the first SUBSCRIBE, or with a will, a client gets a "
	        "connection of its own. The broker sees what comes over them as that of gateway.client_id with \"-1\", "
	        "\"-2\" and so on. 0: each client has a connection of its own." },
	{ "client_id_prefix", SCHEMA_TEXT, CONF(broker.id_prefix), .most = 1024, .preset = "",
	    .help = "Put before each client's id at the broker." },
	{ "client_id_suffix", SCHEMA_TEXT, CONF(broker.id_suffix), .most = 1024, .preset = "",
	    .help = "Put after each client's id at the broker." },
	{ "outage", SCHEMA_CHOICE, CONF(broker.outage), .choices = outages, .preset = "auto",
	    .help =
	        "What becomes of clients while the broker is away. \"store\": their sessions go on, and their "
	        "messages of QoS 1 and 2 are acknowledged and wait for it (limits.outage_messages); without "
	        "persistence.directory they are in memory alone, and lost when the gateway ends. \"refuse\": those "
	        "messages are refused with \"congestion\", and sessions held for timers.hold. \"auto\": \"store\" "
	        "where there is persistence, else \"refuse\"." },
	{ "tls", SCHEMA_GROUP, MEMBERS(tls), .help = "Encryption of the way to the broker." },
};

static const struct schema_row timers[] = {
	{ "retry", SCHEMA_SECONDS, CONF(core.timers.retry), .least = 100, .most = SECONDS(3600),
	    .preset = "10",
	    .help = "A message that the client has not acknowledged is sent again after this time "
	            "(T_retry)." },
	{ "retries", SCHEMA_COUNT, CONF(core.timers.retries), .least = 0, .most = 100,
	    .preset = "3", .help = "How often, before the client is deemed lost (N_retry)." },
	{ "wait", SCHEMA_SECONDS, CONF(core.timers.wait), .least = 100, .most = DAYS(1),
	    .preset = "300",
	    .help = "How long a client is left alone that answered \"congestion\" (T_WAIT)." },
	{ "connect_timeout", SCHEMA_SECONDS, CONF(core.timers.connect_timeout), .least = 100,
	    .most = SECONDS(300), .preset = "5",
	    .help = "A client whose connection the broker has not accepted by then is told "
	            "\"congestion\". Keep it below the clients' own T_retry." },
	{ "hold", SCHEMA_SECONDS, CONF(core.timers.hold), .least = 0, .most = DAYS(1),
	    .preset = "30",
	    .help =
	        "When the broker is lost, clients are kept this long while the gateway tries to "
	        "reach it again; then they are disconnected. 0: at once. Not with broker.outage \"store\": "
	        "then they are kept." },
	{ "reconnect_least", SCHEMA_SECONDS, CONF(core.timers.reconnect_least), .least = 100,
	    .most = SECONDS(3600), .preset = "1",
	    .help =
	        "The time between two tries to reach the broker, at first; it doubles each time." },
	{ "reconnect_most", SCHEMA_SECONDS, CONF(core.timers.reconnect_most), .least = 100,
	    .most = DAYS(1), .preset = "60", .help = "The same, at most." },
	{ "max_idle", SCHEMA_SECONDS, CONF(core.timers.max_idle), .least = SECONDS(1),
	    .most = DAYS(30), .or_zero = true, .preset = "0",
	    .help =
	        "A client that connected with keep alive 0 is lost when it was silent for so long; "
	        "0: never." },
	{ "queue_age", SCHEMA_SECONDS, CONF(core.timers.queue_age), .least = SECONDS(1),
	    .most = DAYS(49), .or_zero = true, .preset = "0",
	    .help =
	        "A message that has waited longer than this for its client is dropped; 0: never." },
	{ "session_expiry", SCHEMA_SECONDS, CONF(core.timers.session_expiry), .least = SECONDS(1),
	    .most = DAYS(49), .or_zero = true, .preset = "604800",
	    .help =
	        "A session whose client is disconnected or lost is forgotten after this time; 0: never." },
};

static const struct schema_row limits[] = {
	{ "clients", SCHEMA_COUNT, CONF(core.limits.clients), .least = 1, .most = 1000000,
	    .preset = "10000",
	    .help =
	        "Clients known at once, sleeping and disconnected ones included. Each has a connection to the broker, which takes an open file." },
	{ "connecting", SCHEMA_COUNT, CONF(core.limits.connecting), .least = 1, .most = 1000000,
	    .preset = "1000", .help = "Of these, clients whose connection is being set up." },
	{ "connects", SCHEMA_COUNT, CONF(core.limits.connects), .least = 1, .most = 1000000,
	    .or_zero = true, .unit = "per second", .preset = "10",
	    .help =
	        "Sessions that one sender - an address with its port, a node behind a forwarder - can begin. 0: any number." },
	{ "client_id", SCHEMA_COUNT, CONF(core.limits.client_id), .least = 23, .most = 4096,
	    .unit = "characters", .preset = "64",
	    .help = "The longest client id accepted. The specification says 23; clients do more." },
	{ "topics", SCHEMA_COUNT, CONF(core.limits.topics), .least = 1, .most = 65534,
	    .preset = "1000", .help = "Topic ids that one client can have." },
	{ "topic_name", SCHEMA_COUNT, CONF(core.limits.topic_name), .least = 32, .most = 65535,
	    .unit = "octets", .preset = "1024",
	    .help = "The longest topic name or filter that a client can have." },
	{ "subscriptions", SCHEMA_COUNT, CONF(core.limits.subscriptions), .least = 1, .most = 65535,
	    .preset = "100", .help = "Subscriptions that one client can have." },
	{ "publish_window", SCHEMA_COUNT, CONF(core.limits.publish_window), .least = 1, .most = 100,
	    .preset = "5",
	    .help =
	        "Messages of QoS 1 and 2 that one client can have on their way to the broker." },
	{ "queue_messages", SCHEMA_COUNT, CONF(core.limits.queue_messages), .least = 1,
	    .most = 1000000, .preset = "100",
	    .help =
	        "Messages that wait for one client. When there are more, those of QoS 0 are dropped and the broker keeps the others." },
	{ "queue_bytes", SCHEMA_COUNT, CONF(core.limits.queue_bytes), .least = 1024,
	    .most = 1u << 30, .unit = "octets", .preset = "262144",
	    .help = "Room for the messages that wait for one client." },
	{ "outage_messages", SCHEMA_COUNT, CONF(core.limits.outage_messages), .least = 1,
	    .most = 1000000, .preset = "1000",
	    .help =
	        "Messages of one client that wait for a broker that is away; more are refused." },
	{ "outage_bytes", SCHEMA_COUNT, CONF(core.limits.outage_bytes), .least = 1024,
	    .most = 1u << 30, .unit = "octets", .preset = "1048576",
	    .help = "Room for the messages of one client that wait for the broker." },
	{ "outage_bytes_total", SCHEMA_COUNT, CONF(core.limits.outage_bytes_total), .least = 1024,
	    .most = 1u << 31, .unit = "octets", .preset = "268435456",
	    .help = "The same for all clients together. It is taken from memory as it is needed." },
	{ "packets", SCHEMA_COUNT, CONF(core.limits.packets), .least = 1, .most = 1000000,
	    .or_zero = true, .unit = "per second", .preset = "0",
	    .help = "Packets taken from one client; more are dropped. 0: any number." },
	{ "reconnects", SCHEMA_COUNT, CONF(core.limits.reconnects), .least = 1, .most = 100000,
	    .unit = "per second", .preset = "500",
	    .help = "How fast lost sessions are connected to the broker again, all together." },
	{ "stranger_answers", SCHEMA_COUNT, CONF(core.limits.stranger_answers), .least = 1,
	    .most = 1000000, .unit = "per second", .preset = "100",
	    .help =
	        "Answers to senders that are not connected: they are told to connect. One sender gets a tenth at most." },
	{ "qos_minus_one", SCHEMA_COUNT, CONF(core.limits.qos_minus_one), .least = 1,
	    .most = 1000000, .unit = "per second", .preset = "1000",
	    .help = "QoS -1 messages taken, from all senders together." },
};

static const char *const wake_connects[] = {
	[GW_WAKE_RESUME] = "resume", [GW_WAKE_HONOUR] = "honour", NULL
};

static const struct schema_row sleep_rows[] = {
	{ "buffer_qos0", SCHEMA_BOOL, CONF(core.buffer_qos0), .preset = "true",
	    .help = "Keep messages of QoS 0 too until a sleeping client wakes." },
	{ "wake_connect", SCHEMA_CHOICE, CONF(core.wake_connect), .choices = wake_connects,
	    .preset = "resume",
	    .help =
	        "What a CONNECT of a sleeping client means: \"resume\": its session goes on, whatever the flags say, "
	        "which is what common clients expect; \"honour\": CleanSession and Will flags are taken at their word." },
};

static const struct schema_row qos_minus_one[] = {
	{ "qos", SCHEMA_COUNT, CONF(core.own.qos_minus_one_qos), .least = 0, .most = 1,
	    .preset = "0", .help = "The QoS with which the messages are published at the broker." },
	{ "topics", SCHEMA_FILTERS, CONF(own.qos_minus_one_topics), .least = 0, .most = 1000,
	    .example = "sensors/#",
	    .help = "The only topics that may be published to; without it, all." },
};

static const struct schema_row discovery[] = {
	{ "interval", SCHEMA_SECONDS, CONF(core.discovery.interval), .least = SECONDS(1),
	    .most = SECONDS(65535u), .or_zero = true, .preset = "900",
	    .help = "The time between two ADVERTISE (T_ADV); 0: none are sent." },
	{ "standby", SCHEMA_BOOL, CONF(core.discovery.standby), .preset = "false",
	    .help = "Advertise only when the active gateway of the network has fallen silent." },
	{ "missed", SCHEMA_COUNT, CONF(core.discovery.missed), .least = 1, .most = 100,
	    .preset = "3", .help = "It has when so many of its ADVERTISE are missing (N_ADV)." },
	{ "answer_group", SCHEMA_BOOL, CONF(core.discovery.answer_group), .preset = "true",
	    .help =
	        "Answer searching clients (SEARCHGW) at the multicast group too, not only at their own address." },
	{ "answers", SCHEMA_COUNT, CONF(core.discovery.answers), .least = 1, .most = 100000,
	    .unit = "per second", .preset = "10", .help = "Answers to searching clients." },
};

static const struct schema_row predefined[] = {
	{ "id", SCHEMA_COUNT, PREDEF(id), .least = 1, .most = 65534, .required = true,
	    .example = "1", .help = "The topic id." },
	{ "topic", SCHEMA_TOPIC, PREDEF(topic), .least = 1, .most = TEXT_MAX, .required = true,
	    .example = "sensors/${client}/temperature",
	    .help = "The topic name. ${client} stands for the client's id and needs \"clients\"." },
	{ "clients", SCHEMA_TEXT, PREDEF(clients), .least = 1, .most = TEXT_MAX,
	    .example = "sensor-*",
	    .help =
	        "Only for clients whose id matches this pattern ('*': any characters, '?': one); "
	        "without it, for all." },
};

static const char *const durabilities[] = { [CONF_DURABILITY_PROCESS] = "process",
	[CONF_DURABILITY_POWER] = "power",
	[CONF_DURABILITY_OFF] = "off",
	NULL };

static const char *const damages[] = {
	[CONF_DAMAGE_REFUSE] = "refuse", [CONF_DAMAGE_FRESH] = "fresh", NULL
};

static const struct schema_row persistence[] = {
	{ "directory", SCHEMA_TEXT, CONF(persistence.directory), .least = 1, .most = 3800,
	    .example = "/var/lib/mqttsn-gateway",
	    .help =
	        "Directory of the gateway's own where sessions and messages are kept, so that they "
	        "outlive the gateway; made if its parent exists. Without it, nothing is kept." },
	{ "durability", SCHEMA_CHOICE, CONF(persistence.durability), .choices = durabilities,
	    .preset = "process",
	    .help =
	        "What they outlive: \"process\": any end of the gateway, also a crash; a loss of power may "
	        "cost what came last; \"power\": that too, for which each step waits for the disk; "
	        "\"off\": nothing, no file is touched." },
	{ "max_size", SCHEMA_COUNT, CONF(persistence.max_size), .least = 1, .most = 1048576,
	    .or_zero = true, .unit = "MiB", .preset = "1024",
	    .help = "From this size of the database on, messages stay with the broker, and are not "
	            "taken from clients while it is away. 0: any size." },
	{ "on_damage", SCHEMA_CHOICE, CONF(persistence.on_damage), .choices = damages,
	    .preset = "refuse",
	    .help =
	        "At the start, with a database that is damaged or of another program: \"refuse\" to start, or "
	        "put it aside and begin a \"fresh\" one, without the sessions." },
};

static const char *const log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };

/* As enum conf_level. */
static const char *const module_levels[] = { "common", "error", "warning", "notice", "info",
	"debug", NULL };

#define MODULE_LEVEL(name, module, help_text)                                                      \
	{                                                                                          \
		name, SCHEMA_CHOICE, CONF(log.levels[module]),                                     \
		    .choices = module_levels, .preset = "common", .help = help_text                \
	}

static const struct schema_row level_rows[] = {
	MODULE_LEVEL("clients", LOG_MODULE_CLIENTS, "What clients do, and what they do wrong."),
	MODULE_LEVEL("broker", LOG_MODULE_BROKER, "The connections to the broker."),
	MODULE_LEVEL("trace", LOG_MODULE_TRACE, "The packets, which are \"info\"."),
	MODULE_LEVEL("store", LOG_MODULE_STORE, "What is kept over a restart."),
	MODULE_LEVEL("admin", LOG_MODULE_ADMIN, "The admin server."),
};

static const struct schema_row log_rows[] = {
	{ "level", SCHEMA_CHOICE, CONF(log.level), .choices = log_levels, .preset = "info",
	    .help = "What is logged: this and all that is more severe." },
	{ "levels", SCHEMA_GROUP, MEMBERS(level_rows),
	    .help = "The same for a part of the log; \"common\": as level says." },
	{ "packets", SCHEMA_BOOL, CONF(log.packets), .preset = "false",
	    .help = "Log a line for each MQTT-SN packet, and for what is said with the broker." },
};

static const char *const trace_directions[] = {
	[CONF_BOTH] = "both", [CONF_IN] = "in", [CONF_OUT] = "out", NULL
};

static const struct schema_row trace_filter[] = {
	{ "client", SCHEMA_TEXT, CONF(trace.filter.client), .least = 1, .most = 255,
	    .example = "pump-*",
	    .help =
	        "Only clients whose id matches this pattern ('*': any characters, '?': one); without it, all." },
	{ "address", SCHEMA_TEXT, CONF(trace.filter.address), .least = 1, .most = 255,
	    .example = "10.0.0.5",
	    .help =
	        "Only this address of a client or a forwarder, with or without its UDP port; without it, all." },
	{ "type", SCHEMA_TEXT, CONF(trace.filter.type), .least = 1, .most = 1023,
	    .example = "CONNECT,CONNACK",
	    .help = "Only messages of these names; without it, all." },
	{ "direction", SCHEMA_CHOICE, CONF(trace.filter.direction), .choices = trace_directions,
	    .preset = "both",
	    .help = "\"in\": what the gateway hears; \"out\": what it says; or \"both\"." },
};

static const struct schema_row trace_rows[] = {
	{ "file", SCHEMA_TEXT, CONF(trace.file), .least = 1, .most = 4000,
	    .example = "/var/log/mqttsn-gateway/trace.pcapng",
	    .help =
	        "Record every MQTT-SN packet in this file, for Wireshark; without it, none. The directory must be one "
	        "that the gateway may write to." },
	{ "file_size", SCHEMA_COUNT, CONF(trace.file_size), .least = 65536, .most = 1u << 30,
	    .unit = "octets", .preset = "10485760",
	    .help = "When the file has this size, it is renamed and a new one is begun." },
	{ "file_count", SCHEMA_COUNT, CONF(trace.file_count), .least = 1, .most = 1000,
	    .preset = "5",
	    .help =
	        "Files kept, the one being written included; the older ones end in .1, .2 and so on." },
	{ "payloads", SCHEMA_BOOL, CONF(trace.payloads), .preset = "true",
	    .help =
	        "Show what is published and the messages of wills. false: neither log nor file nor live trace shows "
	        "more of them than the length." },
	{ "filter", SCHEMA_GROUP, MEMBERS(trace_filter),
	    .help = "What the trace in log and file shows: what passes all that is set here." },
};

static const struct schema_row admin_rows[] = {
	{ "listen", SCHEMA_TEXT, CONF(admin.listen), .least = 1, .most = 4095,
	    .example = "127.0.0.1:9884",
	    .help =
	        "Where the admin server is reached: an IP address with a TCP port, which must be a loopback address "
	        "(but see allow_remote), or the path of a socket, \"unix:/run/mqttsn-gateway/admin.sock\", which user and group "
	        "of the gateway may use. Without it there is no admin server." },
	{ "token", SCHEMA_SECRET, CONF(admin.token), .least = 16, .most = 1024,
	    .example = "1b9d6bcd-bbfd-4b2d-9b5d",
	    .help =
	        "The secret without which nobody can act: disconnect or forget clients, reload. Without a token nobody can. "
	        "token_file is the better place for it." },
	{ "token_file", SCHEMA_FILE, CONF(admin.token_file), .least = 1, .most = 4095,
	    .example = "/etc/mqttsn-gateway/admin-token",
	    .help = "File whose first line is the token." },
	{ "token_for_reading", SCHEMA_BOOL, CONF(admin.token_for_reading), .preset = "false",
	    .help =
	        "Ask for the token to look at something, too. It is asked for anyway with allow_remote." },
	{ "allow_remote", SCHEMA_BOOL, CONF(admin.allow_remote), .preset = "false",
	    .help =
	        "Allow other than loopback addresses. A token is needed then, and goes over the network in clear: put "
	        "a proxy with TLS before it." },
};

static const struct schema_row sections[] = {
	{ "gateway", SCHEMA_GROUP, MEMBERS(gateway), .help = "The gateway itself." },
	{ "listeners", SCHEMA_LIST, ELEMENTS(listeners), MEMBERS(listener), .least = 1, .most = 64,
	    .help = "Where MQTT-SN clients reach the gateway: a group for each UDP port." },
	{ "broker", SCHEMA_GROUP, MEMBERS(broker),
	    .help = "The MQTT broker. Each client has a session of its own there." },
	{ "timers", SCHEMA_GROUP, MEMBERS(timers),
	    .help = "Times. Fractions of a second are fine." },
	{ "limits", SCHEMA_GROUP, MEMBERS(limits),
	    .help =
	        "What clients can ask for. Beyond it they get the protocol's own refusal, mostly "
	        "\"congestion\"." },
	{ "sleep", SCHEMA_GROUP, MEMBERS(sleep_rows), .help = "Sleeping clients." },
	{ "qos_minus_one", SCHEMA_GROUP, MEMBERS(qos_minus_one),
	    .help = "Messages without a connection, where a listener takes them." },
	{ "discovery", SCHEMA_GROUP, MEMBERS(discovery),
	    .help = "How clients find the gateway, at listeners where discovery is on." },
	{ "predefined", SCHEMA_LIST, ELEMENTS(predefined), MEMBERS(predefined), .least = 0,
	    .most = 100000,
	    .help = "Predefined topic ids: known to clients and gateway beforehand, used without "
	            "REGISTER. A group for each." },
	{ "admin", SCHEMA_GROUP, MEMBERS(admin_rows),
	    .help =
	        "The admin server: metrics, a status page and an operator's commands over HTTP." },
	{ "persistence", SCHEMA_GROUP, MEMBERS(persistence),
	    .help = "What outlives the gateway. Changes need a restart." },
	{ "log", SCHEMA_GROUP, MEMBERS(log_rows), .help = "The log, on standard error." },
	{ "trace", SCHEMA_GROUP, MEMBERS(trace_rows),
	    .help = "The packet trace: what is said between clients, gateway and broker." },
};

static const struct schema everything = { sections, LENGTH(sections) };

const struct schema *schema_conf(void)
{
	return &everything;
}

# SPDX-License-Identifier: BSD-3-Clause
# One row for each line of bench.json, in Markdown: what doc/performance.md shows.

# The number of @key in the object @name of the line, or "".
function value(name, key,    object)
{
	if (!match($0, "\"" name "\":[{][^}]*[}]"))
		return ""
	object = substr($0, RSTART, RLENGTH)
	if (!match(object, "\"" key "\":[0-9.-]+"))
		return ""
	object = substr(object, RSTART, RLENGTH)
	sub(/.*:/, "", object)
	return object
}

function what(    text)
{
	match($0, /"what":"[^"]*"/)
	text = substr($0, RSTART + 8, RLENGTH - 9)
	return text
}

# "gateway (ratio)"; of the baseline alone where there is no gateway
function cell(key,    mine, ratio)
{
	mine = value("gateway", key)
	ratio = value("ratio", key)
	if (mine == "")
		mine = value("echo", key)
	return mine == "" ? "" : ratio == "" ? mine : sprintf("%s (%.2f)", mine, ratio)
}

# What the relay takes, as the gateway in cell().
function relay(    ratio)
{
	ratio = value("relay_ratio", "gateway_cpu_s")
	return ratio == "" ? "" : sprintf("%s (%.2f)", value("relay", "gateway_cpu_s"), ratio)
}

function count(key,    n)
{
	n = value("gateway", key)
	return n == "" ? 0 : n
}

BEGIN {
	print "| | per second | CPU s per 100,000 | of the relay | us to the answer: median | 99 % | us to the receiver: median | 99 % | lost, dropped, failed |"
	print "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
}

{
	printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s, %s, %s |\n", what(), cell("rate"), cell("gateway_cpu_s"), relay(),
		cell("answer_p50_us"), cell("answer_p99_us"), cell("latency_p50_us"), cell("latency_p99_us"),
		count("lost"), count("kernel_drops"), count("failed")
}

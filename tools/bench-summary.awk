# SPDX-License-Identifier: BSD-3-Clause
# One row for each line of bench.json, in Markdown, and one more for the gateway with shared connections where there was
# one: what doc/performance.md shows.

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

# "gateway (ratio)"; of the baseline alone where there is no gateway.  @path, @ratios: its objects of the line.
function cell(path, ratios, key,    mine, ratio)
{
	mine = value(path, key)
	ratio = value(ratios, key)
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

function count(path, key,    n)
{
	n = value(path, key)
	return n == "" ? 0 : n
}

function row(text, path, ratios, beside)
{
	printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s, %s, %s |\n", text, cell(path, ratios, "rate"),
		cell(path, ratios, "gateway_cpu_s"), beside,
		cell(path, ratios, "answer_p50_us"), cell(path, ratios, "answer_p99_us"),
		cell(path, ratios, "latency_p50_us"), cell(path, ratios, "latency_p99_us"),
		count(path, "lost"), count(path, "kernel_drops"), count(path, "failed")
}

BEGIN {
	print "| | per second | CPU s per 100,000 | of the relay | us to the answer: median | 99 % | us to the receiver: median | 99 % | lost, dropped, failed |"
	print "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
}

{
	row(what(), "gateway", "ratio", relay())
	if (value("shared", "rate") != "")
		row("the same, over shared connections", "shared", "shared_ratio", "")
}

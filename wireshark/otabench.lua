-- SPDX-License-Identifier: Apache-2.0
--
-- Wireshark dissector of the otabench update protocol (docs/protocol.md): Control, Data
-- and Info, in the full and the basic dialect, in any capture in which the attributes of
-- the device were discovered.
--
--     wireshark -X lua_script:otabench.lua FILE
--     tshark -X lua_script:otabench.lua -r FILE -Y otabench
--
-- or put this file into the folder that "About Wireshark, Folders" calls Personal Lua
-- Plugins.

local proto = Proto("otabench", "otabench firmware update")
local opcode_of = Field.new("btatt.opcode")

local ATT_WRITE_COMMAND, ATT_NOTIFICATION = 0x52, 0x1b

-- Words for numbers ---------------------------------------------------------------------

local codes = {
	[0] = "ok", "opcode", "length", "state", "busy", "unsupported", "size", "erase", "write",
	"read", "hash", "image", "boot-slot", "persist", "overflow", "no-rollback", "chip",
	"timeout", "permission", "link", "incomplete", "version", "internal",
	"signature", "stream", "base",
}
local states = {
	[0] = "idle", "preparing", "receiving", "verifying", "rebooting", "suspended", "aborting",
}
local phases = { "erasing", "re-hashing", "writing", "verifying", "validating" }
local reasons = { "a value is missing", "repeated", "asked for by RESYNC" }
local phys = { "1M", "2M", "Coded" }
local chips = {
	[0] = "ESP32", [2] = "ESP32-S2", [5] = "ESP32-C3", [9] = "ESP32-S3", [12] = "ESP32-C2",
	[13] = "ESP32-C6", [16] = "ESP32-H2", [18] = "ESP32-P4",
}
local start_flags = { { 0x1, "sink" }, { 0x2, "restart" }, { 0x4, "compressed" }, { 0x8, "signed" },
	{ 0x10, "pattern" }, { 0x20, "delta" }, { 0x40, "skip" } }
local ready_flags = { { 0x1, "resumed" } }
local info_flags = {
	{ 0x01, "pending verify" }, { 0x02, "can roll back" }, { 0x04, "resumable" },
	{ 0x08, "flash encryption" }, { 0x10, "secure boot" },
}
local abilities = {
	{ 0x01, "boot loader does not roll back" }, { 0x02, "flash auto-suspend" }, { 0x04, "code in PSRAM" },
	{ 0x08, "signed images only" },
}
local resets = {
	[0] = "unknown", "power-on", "external pin", "software", "panic", "interrupt watchdog",
	"task watchdog", "other watchdog", "deep sleep", "brown-out", "SDIO", "USB", "JTAG",
	"eFuse error", "power glitch", "CPU lock-up",
}
local features = {
	{ 0x01, "resume" }, { 0x02, "sink" }, { 0x04, "LINK" }, { 0x08, "TELEMETRY" },
	{ 0x10, "CONFIRM and ROLLBACK" }, { 0x20, "compressed streams" }, { 0x40, "signed images" },
	{ 0x80, "TIMES" }, { 0x100, "PREPARE" }, { 0x200, "pattern" },
	{ 0x400, "delta" }, { 0x800, "skip" },
}
local phy_bits = { { 0x1, "1M" }, { 0x2, "2M" }, { 0x4, "Coded" } }

-- Messages ------------------------------------------------------------------------------
--
-- One table a message, in the order of docs/protocol.md.  A row is the field's name there,
-- its size in bytes, and how it is shown: words (enum), bits, unit, signed, hash, text.
-- repeated: more of the last field may follow.
-- optional, later: the offsets from which older devices leave the fields out.

local commands = {
	[0x01] = { name = "START", { "version", 1 }, { "flags", 2, bits = start_flags },
		{ "image size", 4, unit = "bytes" }, { "stream size", 4, unit = "bytes" },
		{ "ack interval", 2, unit = "bytes" }, { "SHA-256", 32, hash = true },
		optional = 46, { "chip id", 2 }, { "secure version", 4 }, { "project", 32, text = true },
		{ "image version", 32, text = true }, { "signature", 64, hash = true } },
	[0x02] = { name = "ABORT" },
	[0x04] = { name = "END" },
	[0x05] = { name = "STATUS" },
	[0x06] = { name = "CONFIRM" },
	[0x07] = { name = "ROLLBACK" },
	[0x08] = { name = "REBOOT" },
	[0x09] = { name = "LINK", { "interval, least", 2, unit = "1.25 ms" },
		{ "interval, most", 2, unit = "1.25 ms" }, { "latency", 2, unit = "events" },
		{ "supervision timeout", 2, unit = "10 ms" }, { "PHYs", 1, bits = phy_bits },
		{ "data length", 2, unit = "octets" } },
	[0x0a] = { name = "TELEMETRY", { "period", 2, unit = "ms" } },
	[0x0b] = { name = "RESYNC" },
	[0x0c] = { name = "PREPARE", { "size", 4, unit = "bytes" } },
	[0x0d] = { name = "BLOCKS", { "first", 2 }, { "count", 2 } },
}

local notifications = {
	[0x01] = { name = "READY", { "offset", 4 }, { "limit", 4 }, { "largest value", 2, unit = "bytes" },
		{ "ack interval", 2, unit = "bytes" }, { "flags", 1, bits = ready_flags }, { "sequence", 2 },
		optional = 16, { "image offset", 4 } },
	[0x02] = { name = "ERROR", { "code", 1, enum = codes }, { "command", 1 }, { "detail", 4 } },
	[0x03] = { name = "DONE", { "size", 4, unit = "bytes" }, { "slot", 1 }, { "reboot", 2, unit = "ms" },
		{ "hash", 8, hash = true } },
	[0x04] = { name = "PROGRESS", { "phase", 1, enum = phases }, { "done", 4, unit = "bytes" },
		{ "total", 4, unit = "bytes" } },
	[0x05] = { name = "STATUS", { "state", 1, enum = states }, { "received", 4, unit = "bytes" },
		{ "flushed", 4, unit = "bytes" }, { "hash", 4, hash = true }, { "running slot", 1 },
		{ "last error", 1, enum = codes }, { "flags", 1, bits = info_flags },
		optional = 17, { "reset reason", 1, enum = resets }, { "resets", 1 }, { "panics", 1 } },
	[0x06] = { name = "RESULT", { "command", 1 }, { "code", 1, enum = codes } },
	[0x07] = { name = "ACK", { "received", 4, unit = "bytes" }, { "flushed", 4, unit = "bytes" },
		{ "limit", 4 } },
	[0x08] = { name = "GAP", { "sequence", 2 }, { "offset", 4 }, { "reason", 1, enum = reasons } },
	[0x09] = { name = "LINK", { "code", 1, enum = codes }, { "interval", 2, unit = "1.25 ms" },
		{ "latency", 2, unit = "events" }, { "supervision timeout", 2, unit = "10 ms" },
		{ "transmit PHY", 1, enum = phys }, { "receive PHY", 1, enum = phys },
		{ "transmit octets", 2 }, { "receive octets", 2 }, { "ATT MTU", 2, unit = "bytes" } },
	[0x0a] = { name = "TELEMETRY", { "RSSI", 1, signed = true, unit = "dBm" },
		{ "interval", 2, unit = "1.25 ms" }, { "transmit PHY", 1, enum = phys },
		{ "receive PHY", 1, enum = phys }, { "receive octets", 2 }, { "ring", 4, unit = "bytes" },
		{ "erase", 2, unit = "ms" }, { "write", 2, unit = "ms" }, { "dropped", 2, unit = "values" },
		{ "waits", 1 }, optional = 19, { "stack", 1, unit = "64 bytes" } },
	[0x0b] = { name = "TIMES", { "clock", 2, unit = "ms" }, { "erase", 2, unit = "ms" },
		{ "write", 2, unit = "ms" }, { "read", 2, unit = "ms" }, { "store", 2, unit = "ms" } },
	[0x0d] = { name = "BLOCKS", repeated = true, { "first", 2 }, { "digest", 4 } },
}

local info = { name = "Info", { "version", 1 }, { "lowest version", 1 }, { "features", 4, bits = features },
	{ "chip id", 2, enum = chips }, { "chip revision", 2 }, { "slots", 1 }, { "running slot", 1 },
	{ "flags", 1, bits = info_flags }, { "PHYs", 1, bits = phy_bits }, { "slot size", 4, unit = "bytes" },
	{ "ring size", 4, unit = "bytes" }, { "running size", 4, unit = "bytes" }, { "secure version", 4 },
	{ "running SHA-256", 32, hash = true }, { "project", 32, text = true },
	-- Devices of the first version end here.
	optional = 94, { "block revision", 2 }, { "reset reason", 1, enum = resets },
	{ "abilities", 1, bits = abilities }, { "resets", 1 }, { "panics", 1 },
	-- And these later.
	later = 100, { "window", 1 }, { "reserved", 1 } }

-- Fields and experts --------------------------------------------------------------------

local fields = {}

-- "interval, least" of LINK becomes otabench.link_request.interval_least.
local function abbreviation(group, name)
	return "otabench." .. group .. "." .. name:lower():gsub("[^%w]+", "_")
end

local function make_field(abbrev, row)
	local name = row[1] .. (row.unit and " (" .. row.unit .. ")" or "")
	if row.hash then
		return ProtoField.bytes(abbrev, name)
	elseif row.text then
		return ProtoField.string(abbrev, name)
	elseif row.signed then
		return ProtoField.int8(abbrev, name)
	elseif row.size_kind == 1 then
		return ProtoField.uint8(abbrev, name, row.bits and base.HEX or base.DEC, row.enum)
	elseif row.size_kind == 2 then
		return ProtoField.uint16(abbrev, name, row.bits and base.HEX or base.DEC, row.enum)
	end
	return ProtoField.uint32(abbrev, name, row.bits and base.HEX or base.DEC, row.enum)
end

local function add_fields(group, message)
	for _, row in ipairs(message) do
		row.size_kind = row[2]
		row.field = make_field(abbreviation(group, row[1]), row)
		fields[#fields + 1] = row.field
	end
end

for _, message in pairs(commands) do
	add_fields(message.name:lower() .. "_request", message)
end
for _, message in pairs(notifications) do
	add_fields(message.name:lower(), message)
end
add_fields("info", info)

local function words_of(messages)
	local words = {}
	for opcode, message in pairs(messages) do
		words[opcode] = message.name
	end
	return words
end

local f_command = ProtoField.uint8("otabench.command", "Command", base.HEX, words_of(commands))
local f_notification =
	ProtoField.uint8("otabench.notification", "Notification", base.HEX, words_of(notifications))
local f_sequence = ProtoField.uint16("otabench.data.sequence", "Sequence")
local f_offset = ProtoField.uint32("otabench.data.offset", "Offset in the stream")
local f_payload = ProtoField.bytes("otabench.data.payload", "Payload")
local f_more = ProtoField.bytes("otabench.more", "Bytes beyond the definition")
for _, field in ipairs({ f_command, f_notification, f_sequence, f_offset, f_payload, f_more }) do
	fields[#fields + 1] = field
end
proto.fields = fields

local e_sequence = ProtoExpert.new("otabench.sequence_gap", "The sequence number is not the next one",
	expert.group.SEQUENCE, expert.severity.WARN)
local e_gap = ProtoExpert.new("otabench.gap", "The device asks the host to go back",
	expert.group.SEQUENCE, expert.severity.WARN)
local e_early = ProtoExpert.new("otabench.early", "Data before READY", expert.group.PROTOCOL, expert.severity.ERROR)
local e_error = ProtoExpert.new("otabench.error_told", "The device refused or gave up",
	expert.group.RESPONSE_CODE, expert.severity.WARN)
local e_short = ProtoExpert.new("otabench.short", "Shorter than its definition",
	expert.group.MALFORMED, expert.severity.ERROR)
local e_unknown = ProtoExpert.new("otabench.unknown", "Unknown opcode", expert.group.UNDECODED, expert.severity.WARN)
proto.experts = { e_sequence, e_gap, e_early, e_error, e_short, e_unknown }

-- Conversations -------------------------------------------------------------------------

-- The one session at a time that a link has, as far as it is known; built in the first pass over
-- the file, in which frames come in their order.
local session = {}
-- Frames as they were found in that pass.
local found = {}

function proto.init()
	session = { basic = false, ready = false }
	found = {}
end

local function started(len)
	session = { basic = len == 1, ready = false }
end

-- A Data value of the full dialect, in the first pass.
local function judge_data(sequence, len)
	local verdict = { early = not session.ready }
	if session.back and sequence == session.back.sequence then
		session.next, session.offset, session.back = sequence, session.back.offset, nil
	end
	if session.next and sequence ~= session.next then
		verdict.expected = session.next
	elseif session.offset then
		verdict.offset = session.offset
		session.offset = session.offset + len
	end
	session.next = (sequence + 1) % 0x10000
	return verdict
end

-- Dissection ----------------------------------------------------------------------------

local function bits_text(value, bits)
	local names = {}
	for _, bit in ipairs(bits) do
		if value % (bit[1] * 2) >= bit[1] then
			names[#names + 1] = bit[2]
		end
	end
	return #names > 0 and table.concat(names, ", ") or "none"
end

local function value_of(row, range)
	if row.hash or row.text then
		return nil
	end
	return row.signed and range:le_int() or range:le_uint()
end

-- Adds a message's fields from at; returns their values by name.
local function add_message(message, buffer, at, tree)
	local values = {}
	for _, row in ipairs(message) do
		if at + row[2] > buffer:len() then
			-- Notifications of the basic dialect are their first byte.
			if not (session.basic and at == 1) and at ~= message.optional and
				at ~= message.later then
				tree:add_proto_expert_info(e_short)
			end
			return values
		end
		local range = buffer(at, row[2])
		local item = row.hash and tree:add(row.field, range) or tree:add_le(row.field, range)
		local value = value_of(row, range)
		if row.bits then
			item:append_text(" (" .. bits_text(value, row.bits) .. ")")
		end
		values[row[1]] = value
		at = at + row[2]
	end
	local last = message[#message]
	while message.repeated and at + last[2] <= buffer:len() do
		tree:add_le(last.field, buffer(at, last[2]))
		at = at + last[2]
	end
	if at < buffer:len() then
		tree:add(f_more, buffer(at))
	end
	return values
end

local function summary(message, values)
	local parts = {}
	for _, row in ipairs(message) do
		local value = values[row[1]]
		if value then
			local text = row.enum and row.enum[value] or row.bits and bits_text(value, row.bits)
			parts[#parts + 1] = row[1] .. " " .. (text or tostring(value))
		end
	end
	return message.name .. (#parts > 0 and ": " .. table.concat(parts, ", ") or "")
end

local function track_notification(opcode, values)
	if opcode == 0x01 and values.sequence then
		session.ready, session.next, session.offset = true, values.sequence, values.offset
	elseif opcode == 0x01 then
		session.ready = true
	elseif opcode == 0x08 and values.sequence then
		session.back = values
	end
end

local function dissect_notification(buffer, pinfo, tree)
	local opcode = buffer(0, 1):uint()
	local message = notifications[opcode]
	tree:add(f_notification, buffer(0, 1))
	if not message then
		tree:add_proto_expert_info(e_unknown)
		return "unknown notification"
	end
	local values = add_message(message, buffer, 1, tree)
	if not pinfo.visited then
		track_notification(opcode, values)
	end
	if opcode == 0x08 then
		tree:add_proto_expert_info(e_gap)
	elseif opcode == 0x02 or (opcode == 0x06 and values.code ~= 0) then
		tree:add_proto_expert_info(e_error)
	end
	return summary(message, values)
end

local function dissect_command(buffer, pinfo, tree)
	local opcode = buffer(0, 1):uint()
	local message = commands[opcode]
	tree:add(f_command, buffer(0, 1))
	if not message then
		tree:add_proto_expert_info(e_unknown)
		return "unknown command"
	end
	if opcode == 0x01 then
		if not pinfo.visited then
			started(buffer:len())
		end
		if buffer:len() == 1 then
			return "START (basic)"
		end
	end
	return summary(message, add_message(message, buffer, 1, tree))
end

local function dissect_control(buffer, pinfo, tree)
	local att = opcode_of()
	if att and att.value == ATT_NOTIFICATION then
		return dissect_notification(buffer, pinfo, tree)
	end
	return dissect_command(buffer, pinfo, tree)
end

local function dissect_data(buffer, pinfo, tree)
	if not pinfo.visited then
		local full = not session.basic and buffer:len() >= 2
		found[pinfo.number] = full and judge_data(buffer(0, 2):le_uint(), buffer:len() - 2)
			or { basic = session.basic, early = not session.ready }
	end
	local verdict = found[pinfo.number] or {}
	local text
	if verdict.basic then
		tree:add(f_payload, buffer())
		text = "Data: " .. buffer:len() .. " bytes"
	elseif buffer:len() < 2 then
		tree:add_proto_expert_info(e_short)
		return "Data: too short"
	else
		local item = tree:add_le(f_sequence, buffer(0, 2))
		text = "Data: sequence " .. buffer(0, 2):le_uint() .. ", " .. (buffer:len() - 2) .. " bytes"
		if verdict.expected then
			item:add_proto_expert_info(e_sequence, "The next sequence number would be " .. verdict.expected)
			text = text .. ", expected " .. verdict.expected
		elseif verdict.offset then
			tree:add(f_offset, verdict.offset):set_generated()
			text = text .. " at " .. verdict.offset
		end
		if buffer:len() > 2 then
			tree:add(f_payload, buffer(2))
		end
	end
	if verdict.early then
		tree:add_proto_expert_info(e_early)
	end
	return text
end

local function dissect_info(buffer, _, tree)
	return summary(info, add_message(info, buffer, 0, tree))
end

local function dissector(label, dissect)
	return function(buffer, pinfo, tree)
		if buffer:len() == 0 then
			return 0
		end
		local item = tree:add(proto, buffer(), "otabench " .. label)
		pinfo.cols.protocol = "otabench"
		local text = dissect(buffer, pinfo, item)
		item:append_text(", " .. text)
		pinfo.cols.info:set(text)
		return buffer:len()
	end
end

-- Wireshark finds a dissector by the characteristic's UUID.  A Proto holds one, so each
-- characteristic has one of its own, which adds to the tree of "otabench".
local uuids = DissectorTable.get("bluetooth.uuid")
local characteristics = {
	{ "control", "Control", "fb1e4002-54ae-4a28-9f74-dfccb248601d", dissect_control },
	{ "data", "Data", "fb1e4003-54ae-4a28-9f74-dfccb248601d", dissect_data },
	{ "info_value", "Info", "fb1e4004-54ae-4a28-9f74-dfccb248601d", dissect_info },
}
proto.dissector = dissector("Control", dissect_control)
for _, characteristic in ipairs(characteristics) do
	local name, label, uuid, dissect = table.unpack(characteristic)
	local own = Proto("otabench_" .. name, "otabench " .. label)
	own.dissector = dissector(label, dissect)
	uuids:add(uuid, own)
end

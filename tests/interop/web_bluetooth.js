// SPDX-License-Identifier: Apache-2.0
// clients/web with a navigator.bluetooth whose radio is another process: each call becomes a line
// of JSON on standard output, and its answer, a notification or the link's end one on standard
// input.  The page's own script runs too, in what little of a document it needs: its button is
// pressed, and what it tells at the end is the last line, {"result": TEXT}.
//
// usage: node web_bluetooth.js PAGE IMAGE
"use strict";
const fs = require("fs");
const readline = require("readline");
const vm = require("vm");

const page = fs.readFileSync(process.argv[2], "utf8");
const image = fs.readFileSync(process.argv[3]);
const waiting = new Map(); // calls by number
const characteristics = new Map();
const device = new EventTarget();
let number = 0;

function call(fields) {
	number++;
	process.stdout.write(JSON.stringify({ id: number, ...fields }) + "\n");
	return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
}

class Characteristic extends EventTarget {
	constructor(uuid) {
		super();
		this.uuid = uuid;
		characteristics.set(uuid, this);
	}

	startNotifications() {
		return call({ call: "subscribe", uuid: this.uuid });
	}

	async readValue() {
		return viewOf(await call({ call: "read", uuid: this.uuid }));
	}

	writeValueWithResponse(bytes) {
		return call({ call: "request", uuid: this.uuid, value: Buffer.from(bytes).toString("hex") });
	}

	writeValueWithoutResponse(bytes) {
		return call({ call: "command", uuid: this.uuid, value: Buffer.from(bytes).toString("hex") });
	}
}

function viewOf(hex) {
	const bytes = Uint8Array.from(Buffer.from(hex, "hex"));

	return new DataView(bytes.buffer);
}

device.gatt = {
	connect: () => call({ call: "connect" }),
	disconnect: () => call({ call: "disconnect" }),
	getPrimaryService: async (service) => ({
		getCharacteristic: async (uuid) => {
			await call({ call: "find", service, uuid });
			return new Characteristic(uuid);
		},
	}),
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
	const said = JSON.parse(line);
	const answered = waiting.get(said.id);

	if (said.event === "disconnected") {
		device.dispatchEvent(new Event("gattserverdisconnected"));
	} else if (said.event === "notified") {
		const from = characteristics.get(said.uuid);

		from.value = viewOf(said.value);
		from.dispatchEvent(new Event("characteristicvaluechanged"));
	} else if (said.error) {
		answered.reject(Object.assign(new Error(said.error), { name: said.name }));
	} else {
		answered.resolve(said.value);
	}
});

// --- the document

const elements = new Map();

function getElementById(id) {
	if (!elements.has(id))
		elements.set(id, new EventTarget());
	return elements.get(id);
}

getElementById("image").files = [{ arrayBuffer: async () => Uint8Array.from(image).buffer }];
Object.defineProperty(getElementById("result"), "textContent", {
	set(text) {
		if (text !== "")
			process.stdout.write(JSON.stringify({ result: text }) + "\n", () => process.exit(0));
	},
});
Object.assign(globalThis, { document: { getElementById } });
Object.defineProperty(globalThis, "navigator", {
	value: { bluetooth: { requestDevice: async () => device } },
});
vm.runInThisContext([...page.matchAll(/<script id="\w+">([\s\S]*?)<\/script>/g)]
	.map((match) => match[1].replace('"use strict";', "")).join("\n"));
getElementById("go").dispatchEvent(new Event("click"));

// SPDX-License-Identifier: Apache-2.0
// clients/web over a link that is an exchange of clients/vectors.json: what the client writes has
// to be the next that the host writes there.  Prints "ok NAME" for each that it writes whole.
//
// usage: node web_vectors.js SOURCE
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const source = process.argv[2];
const vectors = JSON.parse(fs.readFileSync(path.join(source, "clients/vectors.json"), "ascii"));
const page = fs.readFileSync(path.join(source, "clients/web/index.html"), "utf8");
const script = page.match(/<script id="client">([\s\S]*?)<\/script>/)[1];
const context = vm.createContext({ crypto: globalThis.crypto, setTimeout, clearTimeout });
const client = vm.runInContext(script + "\n({ Update, Lost, Refused });", context);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => vm.runInContext("(a) => Uint8Array.from(a)", context)(Buffer.from(text,
	"hex"));

class Script {
	constructor(exchange) {
		this.steps = [...exchange.steps];
		this.basic = exchange.name === "basic";
		this.queue = [];
	}

	is(kind) {
		return this.steps.length > 0 && (this.steps[0].from || "event") === kind;
	}

	async open() {
		if (this.is("event"))
			this.steps.shift();
		if (this.is("host") && this.steps[0].hex === "05") // a question that it need not ask
			this.steps.splice(0, 2);
	}

	async readInfo() {
		if (this.basic)
			return null;
		if (this.is("device") && this.steps[0].on === "info")
			return bytes(this.steps.shift().hex);
		return bytes("00".repeat(94)); // an exchange in mid life does not show it
	}

	wrote(on, value) {
		const text = hex(value);

		if (on === "data" && this.is("event"))
			return; // it never arrives
		if (on === "control" && text === "09" + "00".repeat(11)) {
			this.queue.push(bytes("09" + "00".repeat(13) + "1700")); // LINK: ATT MTU 23
			return;
		}
		if (!this.is("host") || this.steps[0].on !== on || this.steps[0].hex !== text)
			throw new Error(`${on} ${text} in place of ${JSON.stringify(this.steps[0])}`);
		this.steps.shift();
		while (this.is("device") && this.steps[0].on === "control")
			this.queue.push(bytes(this.steps.shift().hex));
	}

	async writeControl(value) {
		this.wrote("control", value);
	}

	async writeData(value, answer) {
		if (answer !== this.basic)
			throw new Error("the wrong kind of write");
		this.wrote("data", value);
	}

	heardAlready() {
		return this.queue.shift();
	}

	async heard() {
		if (this.queue.length === 0 && this.is("event"))
			throw new client.Lost("the link has ended");
		return this.queue.shift();
	}

	async waitClosed() {
		if (!this.is("event"))
			throw new client.Lost("it waits for a reboot that is not there");
	}

	close() {}
}

const wanted = { basic: "delivered", full: "confirmed", resume: "confirmed" };

async function main() {
	for (const exchange of vectors.exchanges) {
		const link = new Script(exchange);
		let outcome;

		try {
			outcome = await new client.Update(link, bytes(vectors.image)).run();
		} catch (error) {
			outcome = error.message;
		}
		const left = link.steps.filter((step) => step.from === "host");
		if (outcome === wanted[exchange.name] && left.length === 0)
			console.log("ok " + exchange.name);
		else
			console.log(`${exchange.name}: ${outcome}; not written: ${JSON.stringify(left)}`);
	}
}

main();

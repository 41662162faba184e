// What the tests know of the emulator: its default world, its control calls, and a receiver of its webhooks.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

/** Where the emulator listens; `tests/clients/run` says it. */
export const BASE = process.env.TISARA_EMULATOR;
assert.ok(BASE, "TISARA_EMULATOR is not set: start these tests with tests/clients/run");

export const TOKEN = "EAAemulator";
export const NUMBER = "106540352242922";
export const WABA = "102290129340398";
/** A catalog of the default world, with sku-1 and sku-2. */
export const CATALOG = "194836987003835";
/** A published flow of the default world; its first screen is WELCOME. */
export const FLOW = "884127190345671";
export const SECRET = "emulator-app-secret";
export const VERIFY_TOKEN = "emulator-verify-token";

/** A PNG of one pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Calls `/_emulator/{path}`: a POST when there is a body. */
export async function control(path, body) {
  const response = await fetch(`${BASE}/_emulator/${path}`, {
    method: body === undefined ? "GET" : "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Calls are off on a number until somebody enables them. */
export async function enableCalling() {
  const response = await fetch(`${BASE}/v25.0/${NUMBER}/settings`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ calling: { status: "ENABLED" } }),
  });
  assert.ok(response.ok, await response.text());
}

/** A user who may be written to freely. */
export async function openWindow(phone) {
  await control("users", { phone, window_open: true });
}

/** What the emulator keeps of an accepted message, which must not be one that fails. */
export async function seen(id, to) {
  const { data } = await control(`messages?limit=1000&to=${encodeURIComponent(to)}`);
  const message = data.find((m) => m.id === id);
  assert.ok(message, `the emulator has no message ${id}`);
  assert.equal(message.error, null);
  return message;
}

/** Takes webhooks. A client's own parser is given each request, and makes `items` of it. */
export class Receiver {
  /** `register` answers Meta's verification call with the text to send back, `parse` returns a list. */
  constructor({ register, parse }) {
    this.items = [];
    this.problems = [];
    this.waiting = new Set();
    this.server = createServer(async (request, response) => {
      try {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const url = new URL(request.url, "http://receiver");
        if (request.method === "GET") {
          response.end(await register({ method: request.method, query: Object.fromEntries(url.searchParams) }));
          return;
        }
        const delivery = { method: request.method, headers: request.headers, body: Buffer.concat(chunks) };
        this.items.push(...(await parse(delivery)));
        response.end();
      } catch (problem) {
        this.problems.push(problem);
        // 200 all the same: a repetition would only say the same again.
        response.end();
      }
      for (const wake of this.waiting) wake();
    });
  }

  /** Listens, and tells the emulator to verify the address and to post there. */
  async start() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const callback_url = `http://127.0.0.1:${this.server.address().port}/webhook`;
    await control("webhooks", { callback_url, verify: true });
    return this;
  }

  /** The first item that fits, already here or still to come. */
  async next(what, fits) {
    const until = Date.now() + 10_000;
    for (;;) {
      if (this.problems.length > 0) throw this.problems[0];
      const found = this.items.find(fits);
      if (found) return found;
      const left = until - Date.now();
      assert.ok(left > 0, `no webhook came: ${what}; there are ${JSON.stringify(this.items, null, 1)}`);
      let wake;
      const woken = new Promise((resolve) => (wake = resolve));
      const timer = setTimeout(wake, left);
      this.waiting.add(wake);
      await woken;
      this.waiting.delete(wake);
      clearTimeout(timer);
    }
  }

  /** Stops listening. */
  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

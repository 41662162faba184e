// @great-detail/whatsapp hands on what it is given: messages, media, templates, number, profile, webhooks.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Client from "@great-detail/whatsapp";
import { BASE, FLOW, NUMBER, PNG, Receiver, SECRET, TOKEN, VERIFY_TOKEN, WABA, control, openWindow, seen } from "./emulator.js";

const to = "+94771000004";
const path = `users/${encodeURIComponent(to)}`;
const sdk = new Client({ prefixUrl: BASE, request: { retry: 0, headers: { Authorization: `Bearer ${TOKEN}` } } });
const link = (name) => `https://example.com/files/${name}`;

const receiver = new Receiver({
  async register(request) {
    const registration = await sdk.webhook.register(request);
    assert.equal(registration.verifyToken, VERIFY_TOKEN);
    return registration.accept();
  },
  async parse({ method, headers, body }) {
    const event = await sdk.webhook.eventNotification({ method, headers, body: body.toString() });
    await event.verifySignature(SECRET);
    assert.equal(await event.checkSignature("another secret"), false);
    return event.eventNotification.entry.flatMap(({ changes }) => changes);
  },
});

before(async () => {
  await openWindow(to);
  await receiver.start();
});
after(() => receiver.stop());

/** Sends, and returns what the emulator saw. */
async function sent(message) {
  const { messages } = await sdk.message.createMessage({ phoneNumberID: NUMBER, to, ...message }).json();
  return seen(messages[0].id, to);
}

describe("messages", () => {
  const media = {
    image: { link: link("a.jpg"), caption: "A" },
    video: { link: link("a.mp4"), caption: "V" },
    audio: { link: link("a.ogg") },
    document: { link: link("a.pdf"), filename: "a.pdf" },
    sticker: { link: link("a.webp") },
  };
  const interactive = [
    { type: "button", body: { text: "Sure?" }, action: { buttons: [{ type: "reply", reply: { id: "yes", title: "Yes" } }] } },
    { type: "list", body: { text: "Which?" }, action: { button: "Menu", sections: [{ rows: [{ id: "green", title: "Green" }] }] } },
    { type: "cta_url", body: { text: "Shop" }, action: { name: "cta_url", parameters: { display_text: "Open", url: link("") } } },
    { type: "location_request_message", body: { text: "Where?" }, action: { name: "send_location" } },
    { type: "flow", body: { text: "Book" }, action: { name: "flow", parameters: { flow_message_version: "3", flow_id: FLOW, flow_cta: "Go" } } },
  ];
  const contents = [
    ["text", { body: "Hello", preview_url: false }],
    ...Object.entries(media),
    ["contacts", [{ name: { formatted_name: "Nimal", first_name: "Nimal" }, phones: [{ phone: "+94771234567", type: "CELL" }] }]],
    ...interactive.map((content) => ["interactive", content]),
  ];
  for (const [type, content] of contents) {
    test(`${type} ${content.type ?? ""}`, async () => {
      const message = await sent({ type, [type]: content });
      assert.equal(message.type, type);
      assert.deepEqual(message.content, content);
    });
  }

  test("location", async () => {
    const { content } = await sent({ type: "location", location: { latitude: "6.9271", longitude: "79.8612", name: "Fort" } });
    assert.equal(Number(content.latitude), 6.9271);
  });

  test("media by id, a reaction, a reply, callback data", async () => {
    const file = new Blob([PNG], { type: "image/png" });
    const { id } = await sdk.media.upload({ phoneNumberID: NUMBER, mimeType: "image/png", file, filename: "a.png" }).json();
    assert.deepEqual((await sent({ type: "image", image: { id } })).content, { id });
    const written = (await control(`${path}/write`, { text: "Nice" })).id;
    const reaction = { message_id: written, emoji: "👍" };
    assert.deepEqual((await sent({ type: "reaction", reaction })).content, reaction);
    const reply = await sent({ type: "text", text: { body: "Thanks" }, context: { message_id: written }, biz_opaque_callback_data: "job.2" });
    assert.equal(reply.reply_to, written);
    assert.equal(reply.biz_opaque_callback_data, "job.2");
  });

  test("templates: positional and named variables, a media header, buttons", async () => {
    const text = (text, parameter_name) => ({ type: "text", text, parameter_name });
    const template = (name, components) => sent({ type: "template", template: { name, language: { code: "en_US" }, components } });
    const body = (...parameters) => ({ type: "body", parameters });
    const sale = await template("seasonal_sale", [
      { type: "header", parameters: [text("Winter Sale")] },
      body(text("Nimal"), text("25OFF"), text("25%")),
      { type: "button", sub_type: "quick_reply", index: "0", parameters: [{ type: "payload", payload: "show" }] },
    ]);
    assert.match(sale.shown.body, /^Hello Nimal/);
    const named = await template("appointment_reminder", [body(text("Nimal", "first_name"), text("Friday", "day"), text("10:30", "hour"))]);
    assert.equal(named.shown.body, "Hello Nimal, we see you on Friday at 10:30.");
    await template("new_arrival", [{ type: "header", parameters: [{ type: "image", image: { link: link("a.jpg") } }] }, body(text("Nimal"))]);
    await template("order_update", [
      body(text("Nimal"), text("860198"), text("Friday")),
      { type: "button", sub_type: "url", index: "0", parameters: [text("860198")] },
    ]);
    const refused = await template("nowhere", []).catch((e) => e.response.json());
    assert.equal(refused.error.code, 132001);
  });

  test("a read receipt, with typing", async () => {
    const { id } = await control(`${path}/write`, { text: "Anyone there?" });
    const read = { phoneNumberID: NUMBER, status: "read", message_id: id };
    assert.equal((await sdk.message.createStatus(read).json()).success, true);
    assert.equal((await sdk.message.createStatus({ ...read, typing_indicator: { type: "text" } }).json()).success, true);
  });
});

describe("media", () => {
  test("what is uploaded can be looked up, downloaded and deleted", async () => {
    const file = new Blob([PNG], { type: "image/png" });
    const { id: mediaID } = await sdk.media.upload({ phoneNumberID: NUMBER, mimeType: "image/png", file, filename: "a.png" }).json();
    const { url, file_size } = await sdk.media.getURL({ mediaID, phoneNumberID: NUMBER }).json();
    assert.equal(Number(file_size), PNG.length);
    // The client writes Meta's own host into the header; the emulator is behind another.
    const request = { headers: { Authorization: `Bearer ${TOKEN}`, Host: new URL(BASE).host } };
    assert.deepEqual(Buffer.from(await sdk.media.download({ mediaURL: url, request }).arrayBuffer()), PNG);
    assert.equal((await sdk.media.delete({ mediaID }).json()).success, true);
    await assert.rejects(Promise.resolve(sdk.media.getURL({ mediaID })), (e) => e.response.status === 400);
  });
});

describe("the account", () => {
  test("templates are listed, read, created, changed and deleted", async () => {
    const filter = { category: ["MARKETING", "UTILITY"], status: "APPROVED", limit: 3, fields: ["name", "status"] };
    const { data, paging } = await sdk.template.list(WABA, filter).json();
    assert.equal(data.length, 3);
    assert.ok(paging.cursors.after);
    assert.deepEqual(Object.keys(data[0]).sort(), ["id", "name", "status"]);

    const body = (text) => [{ type: "BODY", text, example: { body_text: [["Nimal"]] } }];
    const created = await sdk.template
      .create(WABA, { name: "great_ready", language: "en_US", category: "UTILITY", components: body("Dear {{1}}, your order can be fetched now.") })
      .json();
    // Meta takes changes of approved, rejected and paused templates only.
    await receiver.next("approval", ({ field, value }) => field === "message_template_status_update" && value.message_template_name === "great_ready" && value.event === "APPROVED");
    assert.equal((await sdk.template.update(created.id, { components: body("Dear {{1}}, your order is ready to be fetched.") }).json()).success, true);
    const read = await sdk.template.get(created.id, { fields: ["name", "components"] }).json();
    assert.match(read.components[0].text, /ready to be fetched/);
    assert.equal((await sdk.template.delete(WABA, { name: "great_ready", hsm_id: created.id }).json()).success, true);
    await assert.rejects(Promise.resolve(sdk.template.get(created.id, {})), (e) => e.response.status === 400);
  });

  test("numbers, the account itself and its subscriptions are read", async () => {
    const number = await sdk.phoneNumbers.getPhoneNumber({ phoneNumberID: NUMBER, fields: ["display_phone_number", ["quality_score", ["score"]]] }).json();
    assert.equal(number.display_phone_number, "+1 555-078-3881");
    const { data } = await sdk.phoneNumbers.listPhoneNumbers({ businessAccountID: WABA }).json();
    assert.equal(data[0].id, NUMBER);
    assert.equal((await sdk.whatsappBusinessAccount.get(WABA, { fields: ["id", "name"] }).json()).name, "Emulator Account");
    const apps = await sdk.subscribedApps.listSubscriptions({ businessAccountID: WABA }).json();
    assert.equal(apps.data.length, 1);
    const renamed = sdk.phoneNumbers.updatePhoneNumber({ phoneNumberID: NUMBER, new_display_name: "Nimal's Market" });
    assert.equal((await renamed.json()).success, true);
  });

  test("the business profile is read and written", async () => {
    const profile = { about: "Coffee too", description: "Tea and coffee", websites: ["https://example.com/"] };
    assert.equal((await sdk.businessProfile.updateBusinessProfile({ phoneNumberID: NUMBER, ...profile }).json()).success, true);
    const { data } = await sdk.businessProfile.getBusinessProfile({ phoneNumberID: NUMBER, fields: ["about", "description", "websites"] }).json();
    assert.deepEqual(data[0], { ...profile, messaging_product: "whatsapp" });
  });
});

describe("webhooks", () => {
  const values = (fits) => ({ field, value }) => field === "messages" && fits(value);

  test("statuses come signed and in full", async () => {
    const { id } = await sent({ type: "text", text: { body: "Hello" } });
    for (const name of ["sent", "delivered", "read"]) {
      await receiver.next(name, values(({ statuses }) => statuses?.some((s) => s.id === id && s.status === name)));
    }
  });

  test("messages come signed and in full", async () => {
    const { id } = await control(`${path}/write`, { text: "ආයුබෝවන්" });
    const { value } = await receiver.next("text", values(({ messages }) => messages?.some((m) => m.id === id)));
    assert.equal(value.metadata.phone_number_id, NUMBER);
    assert.equal(value.messages.find((m) => m.id === id).text.body, "ආයුබෝවන්");
    const buttons = [{ type: "reply", reply: { id: "yes", title: "Yes" } }];
    const asked = await sent({ type: "interactive", interactive: { type: "button", body: { text: "Sure?" }, action: { buttons } } });
    const tap = await control(`${path}/tap`, { wamid: asked.id, button: "Yes" });
    const tapped = await receiver.next("tap", values(({ messages }) => messages?.some((m) => m.id === tap.id)));
    assert.deepEqual(tapped.value.messages.find((m) => m.id === tap.id).interactive.button_reply, { id: "yes", title: "Yes" });
  });
});

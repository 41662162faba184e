// @kapso/whatsapp-cloud-api sends every kind of message it knows; the emulator must have seen exactly that.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { GraphApiError, WhatsAppClient, buildTemplatePayload, buildTemplateSendPayload } from "@kapso/whatsapp-cloud-api";
import { BASE, CATALOG, FLOW, NUMBER, PNG, TOKEN, control, enableCalling, openWindow, seen } from "./emulator.js";

const to = "+94771000001";
const client = new WhatsAppClient({ baseUrl: BASE, accessToken: TOKEN, graphVersion: "v24.0" });
const basic = { phoneNumberId: NUMBER, to };
const link = (name) => `https://example.com/files/${name}`;
const messages = client.messages;

before(() => openWindow(to));

/** Sends, and returns what the emulator saw. */
async function sent(answer) {
  const { messagingProduct, contacts, messages } = await answer;
  assert.equal(messagingProduct, "whatsapp");
  assert.deepEqual(contacts[0].input, to);
  assert.equal(contacts[0].waId, to.slice(1));
  assert.match(messages[0].id, /^wamid\./);
  return seen(messages[0].id, to);
}

/** Sends, and compares type and content. */
async function sends(answer, type, content) {
  const message = await sent(answer);
  assert.equal(message.type, type);
  assert.deepEqual(message.content, content);
  return message;
}

describe("free-form messages", () => {
  test("text, with callback data and as a reply", async () => {
    const first = await sends(messages.sendText({ ...basic, body: "Hello", previewUrl: true }), "text", {
      body: "Hello",
      preview_url: true,
    });
    const reply = await sends(
      messages.sendText({ ...basic, body: "Again", contextMessageId: first.id, bizOpaqueCallbackData: "job.1" }),
      "text",
      { body: "Again" },
    );
    assert.equal(reply.reply_to, first.id);
    assert.equal(reply.biz_opaque_callback_data, "job.1");
  });

  test("media by link", async () => {
    const image = { link: link("a.jpg"), caption: "A" };
    await sends(messages.sendImage({ ...basic, image }), "image", image);
    const video = { link: link("a.mp4"), caption: "V" };
    await sends(messages.sendVideo({ ...basic, video }), "video", video);
    const audio = { link: link("a.ogg"), voice: true };
    await sends(messages.sendAudio({ ...basic, audio }), "audio", audio);
    const document = { link: link("a.pdf"), caption: "D", filename: "a.pdf" };
    await sends(messages.sendDocument({ ...basic, document }), "document", document);
    const sticker = { link: link("a.webp") };
    await sends(messages.sendSticker({ ...basic, sticker }), "sticker", sticker);
  });

  test("media by id", async () => {
    const upload = (type, fileName) => client.media.upload({ phoneNumberId: NUMBER, type, file: PNG, fileName });
    const cases = [
      ["image", "image/png", "a.png", (image) => messages.sendImage({ ...basic, image })],
      ["video", "video/mp4", "a.mp4", (video) => messages.sendVideo({ ...basic, video })],
      ["audio", "audio/ogg", "a.ogg", (audio) => messages.sendAudio({ ...basic, audio })],
      ["document", "application/pdf", "a.pdf", (document) => messages.sendDocument({ ...basic, document })],
      ["sticker", "image/webp", "a.webp", (sticker) => messages.sendSticker({ ...basic, sticker })],
    ];
    for (const [type, mime, name, send] of cases) {
      const { id } = await upload(mime, name);
      await sends(send({ id }), type, { id });
    }
  });

  test("a location", async () => {
    const location = { latitude: 6.9271, longitude: 79.8612, name: "Fort", address: "Colombo 1" };
    const { content } = await sent(messages.sendLocation({ ...basic, location }));
    assert.equal(Number(content.latitude), 6.9271);
    assert.equal(content.name, "Fort");
  });

  test("contacts", async () => {
    const contacts = [
      {
        name: { formattedName: "Nimal Perera", firstName: "Nimal" },
        phones: [{ phone: "+94771234567", waId: "94771234567", type: "CELL" }],
        emails: [{ email: "nimal@example.com", type: "WORK" }],
        org: { company: "Tea Ltd" },
      },
    ];
    const { type, content } = await sent(messages.sendContacts({ ...basic, contacts }));
    assert.equal(type, "contacts");
    assert.equal(content[0].name.formatted_name, "Nimal Perera");
    assert.equal(content[0].phones[0].wa_id, "94771234567");
  });

  test("a reaction, and its removal", async () => {
    const { id } = await control(`users/${encodeURIComponent(to)}/write`, { text: "Nice" });
    const reaction = { messageId: id, emoji: "👍" };
    await sends(messages.sendReaction({ ...basic, reaction }), "reaction", { message_id: id, emoji: "👍" });
    await sends(messages.sendReaction({ ...basic, reaction: { messageId: id, emoji: "" } }), "reaction", {
      message_id: id,
      emoji: "",
    });
  });

  test("a read receipt, with typing", async () => {
    const { id } = await control(`users/${encodeURIComponent(to)}/write`, { text: "Anyone there?" });
    assert.equal((await messages.markRead({ phoneNumberId: NUMBER, messageId: id })).success, true);
    const typing = { phoneNumberId: NUMBER, messageId: id, typingIndicator: { type: "text" } };
    assert.equal((await messages.markRead(typing)).success, true);
  });
});

describe("interactive messages", () => {
  /** Sends, and returns the `interactive` object the emulator saw. */
  async function interactive(answer, type) {
    const message = await sent(answer);
    assert.equal(message.type, "interactive");
    assert.equal(message.content.type, type);
    return message.content;
  }

  test("buttons with a header of each kind", async () => {
    const buttons = [
      { id: "yes", title: "Yes" },
      { id: "no", title: "No" },
    ];
    for (const header of [
      { type: "text", text: "Title" },
      { type: "image", image: { link: link("a.jpg") } },
      { type: "video", video: { link: link("a.mp4") } },
      { type: "document", document: { link: link("a.pdf") } },
    ]) {
      const input = { ...basic, bodyText: "Sure?", footerText: "Tap", header, buttons };
      const seen = await interactive(messages.sendInteractiveButtons(input), "button");
      assert.deepEqual(seen.header, header);
      assert.deepEqual(seen.action.buttons[0], { type: "reply", reply: { id: "yes", title: "Yes" } });
      assert.equal(seen.footer.text, "Tap");
    }
  });

  test("a list", async () => {
    const sections = [{ title: "Teas", rows: [{ id: "green", title: "Green", description: "Mild" }] }];
    const input = { ...basic, bodyText: "Which?", buttonText: "Menu", header: { type: "text", text: "Teas" }, sections };
    const seen = await interactive(messages.sendInteractiveList(input), "list");
    assert.deepEqual(seen.action, { button: "Menu", sections });
  });

  test("a link", async () => {
    const parameters = { displayText: "Open", url: "https://example.com/shop" };
    const seen = await interactive(messages.sendInteractiveCtaUrl({ ...basic, bodyText: "Shop", parameters }), "cta_url");
    assert.deepEqual(seen.action.parameters, { display_text: "Open", url: "https://example.com/shop" });
  });

  test("a flow", async () => {
    const parameters = {
      flowId: FLOW,
      flowCta: "Start",
      flowToken: "t1",
      flowAction: "navigate",
      flowActionPayload: { screen: "WELCOME" },
    };
    const seen = await interactive(messages.sendInteractiveFlow({ ...basic, bodyText: "Book", parameters }), "flow");
    assert.equal(seen.action.parameters.flow_id, FLOW);
    assert.equal(seen.action.parameters.flow_message_version, "3");
  });

  test("requests for a location, for a call, for an address", async () => {
    const where = { ...basic, bodyText: "Where?", parameters: { requestMessage: "Where?" } };
    await interactive(messages.sendInteractiveLocationRequest(where), "location_request_message");
    await enableCalling();
    const call = { ...basic, bodyText: "May we call?", parameters: { phoneNumber: to } };
    await interactive(messages.sendInteractiveCallPermission(call), "call_permission_request");
    const address = { ...basic, bodyText: "Deliver where?", parameters: { country: "IN" } };
    await interactive(messages.sendInteractiveAddress(address), "address_message");
  });

  test("products, a catalog, a carousel", async () => {
    const product = { ...basic, bodyText: "This", catalogId: CATALOG, productRetailerId: "sku-1" };
    await interactive(messages.sendInteractiveProduct(product), "product");
    const sections = [{ title: "New", productItems: [{ productRetailerId: "sku-1" }] }];
    const list = { ...basic, bodyText: "These", header: { type: "text", text: "New" }, catalogId: CATALOG, sections };
    await interactive(messages.sendInteractiveProductList(list), "product_list");
    await interactive(messages.sendInteractiveCatalogMessage({ ...basic, bodyText: "All", parameters: {} }), "catalog_message");
    const card = (cardIndex) => ({
      cardIndex,
      header: { type: "image", image: { link: link(`${cardIndex}.jpg`) } },
      bodyText: "A card",
      action: { displayText: "Open", url: `https://example.com/${cardIndex}` },
    });
    const carousel = { ...basic, bodyText: "Look", cards: [card(0), card(1)] };
    const seen = await interactive(messages.sendInteractiveCarousel(carousel), "carousel");
    assert.equal(seen.action.cards.length, 2);
  });
});

describe("template messages", () => {
  const text = (text, parameterName) => ({ type: "text", text, ...(parameterName && { parameterName }) });

  test("no variables at all", async () => {
    const template = { name: "hello_world", language: { code: "en_US" } };
    await sends(messages.sendTemplate({ ...basic, template }), "template", template);
  });

  test("positional variables in header and body, payloads of quick replies", async () => {
    const template = buildTemplateSendPayload({
      name: "seasonal_sale",
      language: "en_US",
      header: text("Winter Sale"),
      body: [text("Nimal"), text("25OFF"), text("25%")],
      buttons: [{ type: "button", subType: "quick_reply", index: 0, parameters: [{ type: "payload", payload: "show" }] }],
    });
    const { shown } = await sent(messages.sendTemplate({ ...basic, template }));
    assert.match(JSON.stringify(shown), /Our Winter Sale is on!/);
    assert.match(shown.body, /Hello Nimal, .* code 25OFF to get 25% off/);
  });

  test("named variables", async () => {
    const body = [text("Nimal", "first_name"), text("Friday", "day"), text("10:30", "hour")];
    const template = buildTemplateSendPayload({ name: "appointment_reminder", language: "en_US", body });
    const { shown } = await sent(messages.sendTemplate({ ...basic, template }));
    assert.equal(shown.body, "Hello Nimal, we see you on Friday at 10:30.");
  });

  test("a header with media, by link and by id", async () => {
    const { id } = await client.media.upload({ phoneNumberId: NUMBER, type: "image/png", file: PNG, fileName: "a.png" });
    for (const image of [{ link: link("a.jpg") }, { id }]) {
      const header = { type: "image", image };
      const template = buildTemplateSendPayload({ name: "new_arrival", language: "en_US", header, body: [text("Nimal")] });
      const { content } = await sent(messages.sendTemplate({ ...basic, template }));
      assert.deepEqual(content.components[0].parameters[0].image, image);
    }
    const header = { type: "document", document: { link: link("invoice.pdf") } };
    const template = buildTemplateSendPayload({ name: "invoice_ready", language: "en_US", header, body: [text("Nimal")] });
    await sent(messages.sendTemplate({ ...basic, template }));
  });

  test("buttons: a link's end, a coupon, a code", async () => {
    const url = (value) => ({ type: "button", subType: "url", index: 0, parameters: [text(value)] });
    const order = buildTemplateSendPayload({
      name: "order_update",
      language: "en_US",
      body: [text("Nimal"), text("860198"), text("Friday")],
      buttons: [url("860198")],
    });
    await sent(messages.sendTemplate({ ...basic, template: order }));
    const login = buildTemplateSendPayload({ name: "login_code", language: "en_US", body: [text("112233")], buttons: [url("112233")] });
    await sent(messages.sendTemplate({ ...basic, template: login }));
    const coupon = buildTemplatePayload({
      name: "coupon",
      language: "en_US",
      components: [
        { type: "body", parameters: [text("Nimal")] },
        { type: "button", sub_type: "copy_code", index: 0, parameters: [{ type: "coupon_code", coupon_code: "SAVE25" }] },
      ],
    });
    await sent(messages.sendTemplate({ ...basic, template: coupon }));
  });
});

describe("refusals", () => {
  /** Expects a refusal and returns the client's error. */
  async function refused(answer) {
    const error = await answer.then(() => assert.fail("it was accepted"), (e) => e);
    assert.ok(error instanceof GraphApiError, String(error));
    return error;
  }

  test("an unknown template, too few values, a wrong token: in the client's own words", async () => {
    const unknown = await refused(messages.sendTemplate({ ...basic, template: { name: "nowhere", language: { code: "en_US" } } }));
    assert.equal(unknown.code, 132001);
    assert.equal(unknown.httpStatus, 404);
    assert.ok(unknown.isTemplateError());
    const few = buildTemplateSendPayload({ name: "coupon", language: "en_US", body: [] });
    assert.equal((await refused(messages.sendTemplate({ ...basic, template: few }))).code, 132000);
    const stranger = new WhatsAppClient({ baseUrl: BASE, accessToken: "nobody", graphVersion: "v24.0" });
    const nobody = await refused(stranger.messages.sendText({ ...basic, body: "Hello" }));
    assert.equal(nobody.code, 190);
    assert.ok(nobody.isAuthError() && nobody.requiresTokenRefresh());
  });

  test("the pace of a number is known as such", async () => {
    await control("faults", { kind: "refuse", code: 130429, when: { next: 1 } });
    assert.ok((await refused(messages.sendText({ ...basic, body: "Fast" }))).isRateLimit());
  });
});

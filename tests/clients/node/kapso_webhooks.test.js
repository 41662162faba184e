// What the emulator posts, through the signature check and the parser of @kapso/whatsapp-cloud-api.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WhatsAppClient } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";
import { BASE, FLOW, NUMBER, PNG, Receiver, SECRET, TOKEN, VERIFY_TOKEN, control, openWindow } from "./emulator.js";

const phone = "+94771000002";
const user = phone.slice(1);
const path = `users/${encodeURIComponent(phone)}`;
const client = new WhatsAppClient({ baseUrl: BASE, accessToken: TOKEN, graphVersion: "v24.0" });
const basic = { phoneNumberId: NUMBER, to: phone };

const receiver = new Receiver({
  register({ query }) {
    assert.equal(query["hub.mode"], "subscribe");
    assert.equal(query["hub.verify_token"], VERIFY_TOKEN);
    return query["hub.challenge"];
  },
  parse({ headers, body }) {
    const signatureHeader = headers["x-hub-signature-256"];
    assert.ok(verifySignature({ appSecret: SECRET, rawBody: body, signatureHeader }));
    assert.ok(!verifySignature({ appSecret: "another secret", rawBody: body, signatureHeader }));
    const { object, phoneNumberId, contacts, messages, statuses, raw } = normalizeWebhook(JSON.parse(body));
    assert.equal(object, "whatsapp_business_account");
    return [
      ...messages.map((message) => ({ message, contacts, phoneNumberId })),
      ...statuses.map((status) => ({ status, phoneNumberId })),
      ...Object.entries(raw).flatMap(([field, values]) => values.map((value) => ({ field, value }))),
    ];
  },
});

before(async () => {
  await openWindow(phone);
  await receiver.start();
});
after(() => receiver.stop());

const id = async (answer) => (await answer).messages[0].id;
const status = (of, name) => receiver.next(`${name} of ${of}`, ({ status }) => status?.id === of && status.status === name);

/** The message with this id. */
async function message(of) {
  const found = await receiver.next(`message ${of}`, ({ message }) => message?.id === of);
  assert.equal(found.phoneNumberId, NUMBER);
  assert.equal(found.message.from, user);
  assert.equal(found.message.kapso.direction, "inbound");
  assert.ok(found.contacts.some((c) => c.waId === user && c.userId));
  return found.message;
}

/** Lets the user say something of any kind. */
const says = async (said, reply_to) => message((await control(`${path}/say`, { message: said, reply_to })).id);

describe("statuses", () => {
  test("sent, delivered and read arrive with recipient and callback data", async () => {
    const sent = await id(client.messages.sendText({ ...basic, body: "Hello", bizOpaqueCallbackData: "job.7" }));
    for (const name of ["sent", "delivered", "read"]) {
      const { status: told, phoneNumberId } = await status(sent, name);
      assert.equal(phoneNumberId, NUMBER);
      assert.equal(told.recipientId, user);
      assert.equal(told.bizOpaqueCallbackData, "job.7");
      assert.match(told.timestamp, /^\d+$/);
    }
    const { status: read } = await status(sent, "delivered");
    assert.equal(read.pricing.category, "service");
  });

  test("failed arrives with its code", async () => {
    const stranger = "+94771000003";
    const sent = await id(client.messages.sendText({ phoneNumberId: NUMBER, to: stranger, body: "Hello" }));
    const { status: failed } = await status(sent, "failed");
    assert.equal(failed.errors[0].code, 131047);
    assert.ok(failed.errors[0].title && failed.errors[0].errorData.details);
  });
});

describe("messages", () => {
  test("text", async () => {
    assert.equal((await says({ type: "text", text: { body: "ආයුබෝවන් \u{1F600} / <b>" } })).text.body, "ආයුබෝවන් \u{1F600} / <b>");
  });

  test("a tap on a reply button, on a list, on a template's quick reply", async () => {
    const buttons = await id(client.messages.sendInteractiveButtons({ ...basic, bodyText: "Sure?", buttons: [{ id: "yes", title: "Yes" }] }));
    const tapped = await message((await control(`${path}/tap`, { wamid: buttons, button: "Yes" })).id);
    assert.deepEqual(tapped.interactive, { type: "button_reply", buttonReply: { id: "yes", title: "Yes" } });
    assert.equal(tapped.context.id, buttons);

    const sections = [{ title: "Teas", rows: [{ id: "green", title: "Green", description: "Mild" }] }];
    const list = await id(client.messages.sendInteractiveList({ ...basic, bodyText: "Which?", buttonText: "Menu", sections }));
    const picked = await message((await control(`${path}/tap`, { wamid: list, button: "green" })).id);
    assert.deepEqual(picked.interactive.listReply, { id: "green", title: "Green", description: "Mild" });

    const template = {
      name: "appointment_reminder",
      language: { code: "en_US" },
      components: [
        {
          type: "body",
          parameters: [
            { type: "text", parameterName: "first_name", text: "Nimal" },
            { type: "text", parameterName: "day", text: "Friday" },
            { type: "text", parameterName: "hour", text: "10:30" },
          ],
        },
        { type: "button", subType: "quick_reply", index: 0, parameters: [{ type: "payload", payload: "coming" }] },
      ],
    };
    const reminder = await id(client.messages.sendTemplate({ ...basic, template }));
    const answered = await message((await control(`${path}/tap`, { wamid: reminder, button: "I will come" })).id);
    assert.equal(answered.type, "button");
    assert.deepEqual(answered.button, { payload: "coming", text: "I will come" });
  });

  test("a flow's answer", async () => {
    const parameters = { flowId: FLOW, flowCta: "Start" };
    const flow = await id(client.messages.sendInteractiveFlow({ ...basic, bodyText: "Book", parameters }));
    const answered = await message((await control(`${path}/tap`, { wamid: flow })).id);
    assert.equal(answered.interactive.nfmReply.name, "flow");
    assert.equal(answered.kapso.flowToken, "unused");
  });

  test("media: the client downloads what the user has sent", async () => {
    const data = PNG.toString("base64");
    const { image } = await says({ type: "image", image: { data, mime_type: "image/png", caption: "Look" } });
    assert.equal(image.caption, "Look");
    assert.equal(image.mimeType, "image/png");
    assert.ok(image.sha256);
    assert.deepEqual(Buffer.from(await client.media.download({ mediaId: image.id, auth: "always" })), PNG);
    // The link in the webhook itself leads to the same bytes.
    const response = await client.fetch(image.url);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), PNG);
    const { document } = await says({ type: "document", document: { data, mime_type: "application/pdf", filename: "a.pdf" } });
    assert.equal(document.filename, "a.pdf");
    const { audio } = await says({ type: "audio", audio: { data, mime_type: "audio/ogg; codecs=opus", voice: true } });
    assert.equal(audio.voice, true);
    for (const type of ["video", "sticker"]) {
      assert.ok((await says({ type, [type]: { data, mime_type: type === "video" ? "video/mp4" : "image/webp" } }))[type].id);
    }
  });

  test("a location, contacts, a reaction, something unsupported", async () => {
    const { location } = await says({ type: "location", location: { latitude: 6.9271, longitude: 79.8612, name: "Fort" } });
    assert.deepEqual(location, { latitude: 6.9271, longitude: 79.8612, name: "Fort" });
    const { contacts } = await says({ type: "contacts", contacts: [{ name: { formatted_name: "Nimal" }, phones: [{ phone: "+94771234567" }] }] });
    assert.equal(contacts[0].name.formattedName, "Nimal");
    const sent = await id(client.messages.sendText({ ...basic, body: "Hello" }));
    const { reaction } = await says({ type: "reaction", reaction: { message_id: sent, emoji: "👍" } });
    assert.deepEqual(reaction, { messageId: sent, emoji: "👍" });
    const unsupported = await says({ type: "unsupported", errors: [{ code: 131051, title: "Message type unknown" }] });
    assert.equal(unsupported.errors[0].code, 131051);
  });

  test("a reply names the message it answers", async () => {
    const sent = await id(client.messages.sendText({ ...basic, body: "Tea?" }));
    assert.equal((await says({ type: "text", text: { body: "Yes" } }, sent)).context.id, sent);
  });
});

describe("news of the account", () => {
  test("a template is paused, a user stops marketing", async () => {
    await control("templates/new_arrival", { status: "PAUSED" });
    const paused = await receiver.next("template status", ({ field }) => field === "messageTemplateStatusUpdate");
    assert.equal(paused.value.event, "PAUSED");
    assert.equal(paused.value.messageTemplateName, "new_arrival");
    await control("templates/new_arrival", { status: "APPROVED" });

    await control(`${path}/stop-marketing`, {});
    const stopped = await receiver.next("preference", ({ field }) => field === "userPreferences");
    assert.equal(stopped.value.userPreferences[0].value, "stop");
    assert.equal(stopped.value.userPreferences[0].waId, user);
  });
});

// @kapso/whatsapp-cloud-api and what belongs to an account: media, templates, number, business profile.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GraphApiError, TemplateDefinition, WhatsAppClient } from "@kapso/whatsapp-cloud-api";
import { BASE, NUMBER, PNG, TOKEN, WABA } from "./emulator.js";

const client = new WhatsAppClient({ baseUrl: BASE, accessToken: TOKEN, graphVersion: "v24.0" });
const phoneNumberId = NUMBER;
const businessAccountId = WABA;

describe("media", () => {
  test("what is uploaded can be looked up, downloaded and deleted", async () => {
    const { id: mediaId } = await client.media.upload({ phoneNumberId, type: "image/png", file: PNG, fileName: "a.png" });
    const known = await client.media.get({ mediaId });
    assert.equal(known.mimeType, "image/png");
    assert.equal(Number(known.fileSize), PNG.length);
    assert.match(known.sha256, /^[0-9a-f]{64}$/);
    assert.equal((await client.media.get({ mediaId, phoneNumberId })).id, mediaId);
    const bytes = await client.media.download({ mediaId, auth: "always" });
    assert.deepEqual(Buffer.from(bytes), PNG);
    assert.equal((await client.media.delete({ mediaId })).success, true);
    await assert.rejects(client.media.get({ mediaId }), (e) => e instanceof GraphApiError && e.code === 100);
  });

  test("a file of a kind that Meta does not take is refused", async () => {
    const exe = client.media.upload({ phoneNumberId, type: "application/x-msdownload", file: PNG, fileName: "a.exe" });
    await assert.rejects(exe, (e) => e instanceof GraphApiError && e.code === 100);
  });
});

describe("templates", () => {
  test("are listed a page at a time", async () => {
    const names = [];
    let after;
    do {
      const page = await client.templates.list({ businessAccountId, limit: 4, after });
      assert.ok(page.data.length <= 4);
      names.push(...page.data.map((t) => `${t.name} ${t.language}`));
      after = page.paging?.next && page.paging.cursors.after;
    } while (after);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes("seasonal_sale si_LK") && names.includes("hello_world en_US"));
  });

  test("are found by name, status, category and language", async () => {
    const found = async (filter) => (await client.templates.list({ businessAccountId, ...filter })).data.map((t) => t.name);
    assert.deepEqual(await found({ name: "order_update" }), ["order_update"]);
    assert.deepEqual(await found({ status: "PAUSED" }), ["tired_offer"]);
    assert.deepEqual(await found({ category: "AUTHENTICATION" }), ["login_code"]);
    assert.deepEqual(await found({ language: "si_LK" }), ["seasonal_sale"]);
  });

  test("are created from the client's own definition, and deleted", async () => {
    const definition = TemplateDefinition.buildTemplateDefinition({
      name: "kapso_ready",
      language: "en_US",
      category: "UTILITY",
      parameterFormat: "NAMED",
      components: [
        { type: "HEADER", format: "TEXT", text: "Order ready" },
        {
          type: "BODY",
          text: "Hello {{first_name}}, order {{number}} can be fetched now.",
          example: {
            bodyTextNamedParams: [
              { paramName: "first_name", example: "Nimal" },
              { paramName: "number", example: "4711" },
            ],
          },
        },
        { type: "FOOTER", text: "Open until six" },
        { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "On my way" }, { type: "PHONE_NUMBER", text: "Call us", phoneNumber: "+15550783881" }] },
      ],
    });
    const created = await client.templates.create({ businessAccountId, ...definition });
    assert.equal(created.category, "UTILITY");
    assert.ok(["PENDING", "APPROVED"].includes(created.status));
    const { data } = await client.templates.list({ businessAccountId, name: "kapso_ready" });
    assert.equal(data[0].id, created.id);
    assert.equal(data[0].parameterFormat, "NAMED");
    assert.equal(data[0].components[1].text, "Hello {{first_name}}, order {{number}} can be fetched now.");
    assert.equal((await client.templates.delete({ businessAccountId, name: "kapso_ready" })).success, true);
    assert.deepEqual((await client.templates.list({ businessAccountId, name: "kapso_ready" })).data, []);
  });

  test("one name and language is taken once", async () => {
    const again = client.templates.create({
      businessAccountId,
      name: "hello_world",
      language: "en_US",
      category: "UTILITY",
      components: [{ type: "BODY", text: "Hello again, dear customer" }],
    });
    await assert.rejects(again, (e) => e instanceof GraphApiError && e.errorSubcode === 2388024);
  });
});

describe("the number", () => {
  test("its business profile is read and written", async () => {
    const profile = { about: "Tea since 1870", email: "tea@example.com", websites: ["https://example.com/"], vertical: "RETAIL" };
    assert.equal((await client.phoneNumbers.businessProfile.update({ phoneNumberId, ...profile })).success, true);
    const { data } = await client.phoneNumbers.businessProfile.get({ phoneNumberId, fields: "about,email,websites,vertical" });
    assert.deepEqual(data[0], { ...profile, messagingProduct: "whatsapp" });
  });

  test("its settings are read and written", async () => {
    const calling = { status: "ENABLED", callIconVisibility: "DEFAULT", callbackPermissionStatus: "DISABLED" };
    assert.equal((await client.phoneNumbers.settings.update({ phoneNumberId, calling })).success, true);
    assert.deepEqual((await client.phoneNumbers.settings.get({ phoneNumberId })).calling, calling);
  });

  test("it is deregistered and registered with its PIN; a verified one gets no code", async () => {
    assert.equal((await client.phoneNumbers.deregister({ phoneNumberId })).success, true);
    assert.equal((await client.phoneNumbers.register({ phoneNumberId, pin: "112233" })).success, true);
    const code = client.phoneNumbers.requestCode({ phoneNumberId, codeMethod: "SMS", language: "en_US" });
    await assert.rejects(code, (e) => e instanceof GraphApiError && e.code === 136024);
  });
});

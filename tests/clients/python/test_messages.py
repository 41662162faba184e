"""pywa sends every kind of message it knows; the emulator must have seen exactly that."""

import unittest

from pywa.errors import ExpiredAccessToken, TemplateParamCountMismatch, TemplateNotExists, WhatsAppError
from pywa.types import (
    Button,
    CallPermissionRequestButton,
    Contact,
    ContactInfoRequestButton,
    FlowActionType,
    FlowButton,
    ProductsSection,
    Section,
    SectionList,
    SectionRow,
    URLButton,
    VoiceCallButton,
)
from pywa.types.callback import ImageCarouselCard
from pywa.types.calls import CallingSettings, CallingSettingsStatus
from pywa.types.templates import (
    BodyText,
    CopyCodeButton,
    HeaderDocument,
    HeaderImage,
    HeaderText,
    QuickReplyButton,
    TemplateLanguage,
    URLButton as TemplateURLButton,
)

from emulator import CATALOG, FLOW, NUMBER, PNG, client, control, open_window, seen

TO = "94771000011"
LINK = "https://example.com/files/"


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.wa = client()
        open_window(TO)

    def sent(self, message, kind: str) -> dict:
        """What the emulator saw; pywa has understood the answer."""
        self.assertTrue(message.id.startswith("wamid."))
        self.assertEqual(message.input, TO)
        self.assertEqual(message.from_phone_id, NUMBER)
        found = seen(message.id, TO)
        self.assertEqual(found["type"], kind)
        return found

    def interactive(self, message, kind: str) -> dict:
        """The `interactive` object the emulator saw."""
        content = self.sent(message, "interactive")["content"]
        self.assertEqual(content["type"], kind)
        return content


class FreeForm(Messages):
    def test_text_as_a_reply_with_callback_data(self) -> None:
        first = self.wa.send_message(TO, "Hello", preview_url=True)
        self.assertEqual(self.sent(first, "text")["content"], {"body": "Hello", "preview_url": True})
        reply = self.sent(
            self.wa.send_message(TO, "Again", reply_to_message_id=first.id, tracker="job.1"), "text"
        )
        self.assertEqual(reply["reply_to"], first.id)
        self.assertEqual(reply["biz_opaque_callback_data"], "job.1")

    def test_media_by_link(self) -> None:
        wa = self.wa
        image = self.sent(wa.send_image(TO, LINK + "a.jpg", caption="A"), "image")
        self.assertEqual(image["content"], {"link": LINK + "a.jpg", "caption": "A"})
        video = self.sent(wa.send_video(TO, LINK + "a.mp4", caption="V"), "video")
        self.assertEqual(video["content"]["link"], LINK + "a.mp4")
        audio = self.sent(wa.send_audio(TO, LINK + "a.mp3"), "audio")
        self.assertEqual(audio["content"]["link"], LINK + "a.mp3")
        document = self.sent(wa.send_document(TO, LINK + "a.pdf", filename="a.pdf", caption="D"), "document")
        self.assertEqual(document["content"]["filename"], "a.pdf")
        sticker = self.sent(wa.send_sticker(TO, LINK + "a.webp"), "sticker")
        self.assertEqual(sticker["content"]["link"], LINK + "a.webp")

    def test_media_from_bytes_is_uploaded_and_sent_by_id(self) -> None:
        wa = self.wa
        for kind, mime, message in [
            ("image", "image/png", wa.send_image(TO, PNG, mime_type="image/png")),
            ("video", "video/mp4", wa.send_video(TO, PNG, mime_type="video/mp4")),
            ("audio", "audio/mpeg", wa.send_audio(TO, PNG, mime_type="audio/mpeg")),
            ("audio", "audio/ogg", wa.send_voice(TO, PNG, mime_type="audio/ogg")),
            ("document", "application/pdf", wa.send_document(TO, PNG, mime_type="application/pdf", filename="a.pdf")),
            ("sticker", "image/webp", wa.send_sticker(TO, PNG, mime_type="image/webp")),
        ]:
            content = self.sent(message, kind)["content"]
            self.assertEqual(wa.get_media_url(content["id"]).mime_type, mime)

    def test_a_location(self) -> None:
        content = self.sent(self.wa.send_location(TO, 6.9271, 79.8612, "Fort", "Colombo 1"), "location")["content"]
        self.assertEqual(float(content["latitude"]), 6.9271)
        self.assertEqual(content["name"], "Fort")

    def test_contacts(self) -> None:
        contact = Contact(
            name=Contact.Name(formatted_name="Nimal Perera", first_name="Nimal"),
            phones=[Contact.Phone(phone="+94771234567", type="CELL")],
        )
        content = self.sent(self.wa.send_contact(TO, contact), "contacts")["content"]
        self.assertEqual(content[0]["name"]["formatted_name"], "Nimal Perera")
        self.assertEqual(content[0]["phones"][0]["phone"], "+94771234567")

    def test_a_reaction_and_its_removal(self) -> None:
        written = control(f"users/{TO}/write", {"text": "Nice"})["id"]
        reaction = self.sent(self.wa.send_reaction(TO, "👍", written), "reaction")
        self.assertEqual(reaction["content"], {"message_id": written, "emoji": "👍"})
        removed = self.sent(self.wa.remove_reaction(TO, written), "reaction")
        self.assertEqual(removed["content"]["emoji"], "")

    def test_read_receipt_and_typing(self) -> None:
        written = control(f"users/{TO}/write", {"text": "Anyone there?"})["id"]
        self.assertTrue(self.wa.mark_message_as_read(written))
        self.assertTrue(self.wa.indicate_typing(written))


class Interactive(Messages):
    def test_buttons_with_a_header_of_each_kind(self) -> None:
        wa, buttons = self.wa, [Button("Yes", "yes"), Button("No", "no")]
        text = self.interactive(wa.send_message(TO, "Sure?", "Title", "Tap", buttons), "button")
        self.assertEqual(text["header"], {"type": "text", "text": "Title"})
        self.assertEqual(text["action"]["buttons"][0]["reply"], {"id": "yes", "title": "Yes"})
        for kind, message in [
            ("image", wa.send_image(TO, LINK + "a.jpg", "Sure?", buttons=buttons)),
            ("video", wa.send_video(TO, LINK + "a.mp4", "Sure?", buttons=buttons)),
            ("document", wa.send_document(TO, LINK + "a.pdf", caption="Sure?", buttons=buttons, filename="a.pdf")),
        ]:
            self.assertEqual(self.interactive(message, "button")["header"]["type"], kind)

    def test_a_list(self) -> None:
        rows = [SectionRow("Green", "green", "Mild"), SectionRow("Black", "black")]
        message = self.wa.send_message(TO, "Which?", buttons=SectionList("Menu", [Section("Teas", rows)]))
        action = self.interactive(message, "list")["action"]
        self.assertEqual(action["sections"][0]["rows"][0], {"id": "green", "title": "Green", "description": "Mild"})

    def test_a_link(self) -> None:
        message = self.wa.send_message(TO, "Shop", buttons=URLButton("Open", "https://example.com/shop"))
        parameters = self.interactive(message, "cta_url")["action"]["parameters"]
        self.assertEqual(parameters, {"display_text": "Open", "url": "https://example.com/shop"})

    def test_a_flow(self) -> None:
        button = FlowButton(
            title="Start",
            flow_id=FLOW,
            flow_token="t1",
            flow_action_type=FlowActionType.NAVIGATE,
            flow_action_screen="WELCOME",
        )
        parameters = self.interactive(self.wa.send_message(TO, "Book", buttons=button), "flow")["action"]["parameters"]
        self.assertEqual(parameters["flow_id"], FLOW)

    def test_requests_for_location_contact_and_call(self) -> None:
        wa = self.wa
        wa.update_business_phone_number_settings(calling=CallingSettings(status=CallingSettingsStatus.ENABLED))
        self.interactive(wa.request_location(TO, "Where?"), "location_request_message")
        self.interactive(wa.request_contact_info(TO, "Who?"), "request_contact_info")
        self.interactive(wa.send_message(TO, "Who?", buttons=ContactInfoRequestButton()), "request_contact_info")
        self.interactive(
            wa.send_message(TO, "May we call?", buttons=CallPermissionRequestButton()), "call_permission_request"
        )
        self.interactive(wa.send_message(TO, "Call us", buttons=VoiceCallButton("Call")), "voice_call")

    def test_products_a_catalog_and_a_carousel(self) -> None:
        wa = self.wa
        self.interactive(wa.send_catalog(TO, "All", thumbnail_product_sku="sku-1"), "catalog_message")
        self.interactive(wa.send_product(TO, CATALOG, "sku-1", "This"), "product")
        sections = [ProductsSection("New", ["sku-1", "sku-2"])]
        self.interactive(wa.send_products(TO, CATALOG, sections, "New", "These"), "product_list")
        cards = [
            ImageCarouselCard(body="A card", image=f"{LINK}{n}.jpg", buttons=URLButton("Open", f"https://example.com/{n}"))
            for n in range(2)
        ]
        content = self.interactive(wa.send_carousel(TO, body="Look", cards=cards), "carousel")
        self.assertEqual(len(content["action"]["cards"]), 2)


class Templates(Messages):
    def template(self, name: str, *params) -> dict:
        """Sends a template; returns what the emulator saw."""
        return self.sent(self.wa.send_template(TO, name, TemplateLanguage.ENGLISH_US, list(params)), "template")

    def test_no_variables(self) -> None:
        self.assertEqual(self.template("hello_world")["content"]["name"], "hello_world")

    def test_positional_variables_and_payloads(self) -> None:
        shown = self.template(
            "seasonal_sale",
            HeaderText.params("Winter Sale"),
            BodyText.params("Nimal", "25OFF", "25%"),
            QuickReplyButton.params(callback_data="show", index=0),
            QuickReplyButton.params(callback_data="stop", index=1),
        )["shown"]
        self.assertIn("Our Winter Sale is on!", str(shown))
        self.assertRegex(shown["body"], "Hello Nimal, .* code 25OFF to get 25% off")

    def test_named_variables(self) -> None:
        values = BodyText.params(first_name="Nimal", day="Friday", hour="10:30")
        shown = self.template("appointment_reminder", values)["shown"]
        self.assertEqual(shown["body"], "Hello Nimal, we see you on Friday at 10:30.")

    def test_media_headers_by_link_and_by_upload(self) -> None:
        body = BodyText.params("Nimal")
        linked = self.template("new_arrival", HeaderImage.params(image=LINK + "a.jpg"), body)
        self.assertEqual(linked["content"]["components"][0]["parameters"][0]["image"], {"link": LINK + "a.jpg"})
        uploaded = self.template("new_arrival", HeaderImage.params(image=PNG, mime_type="image/png"), body)
        self.assertIn("id", uploaded["content"]["components"][0]["parameters"][0]["image"])
        self.template("invoice_ready", HeaderDocument.params(document=LINK + "a.pdf", filename="a.pdf"), body)

    def test_buttons(self) -> None:
        link = TemplateURLButton.params(url_variable="860198", index=0)
        self.template("order_update", BodyText.params("Nimal", "860198", "Friday"), link)
        self.template("login_code", BodyText.params("112233"), TemplateURLButton.params(url_variable="112233", index=0))
        coupon = CopyCodeButton.params(coupon_code="SAVE25", index=0)
        self.template("coupon", BodyText.params("Nimal"), coupon)

    def test_marketing_messages_api(self) -> None:
        message = self.wa.send_template(
            TO,
            "new_arrival",
            TemplateLanguage.ENGLISH_US,
            [HeaderImage.params(image=LINK + "a.jpg"), BodyText.params("Nimal")],
            use_mm_lite_api=True,
        )
        self.sent(message, "template")


class Refusals(Messages):
    def test_pywa_knows_the_errors(self) -> None:
        with self.assertRaises(TemplateNotExists):
            self.wa.send_template(TO, "nowhere", TemplateLanguage.ENGLISH_US, [])
        with self.assertRaises(TemplateParamCountMismatch):
            self.wa.send_template(TO, "coupon", TemplateLanguage.ENGLISH_US, [])
        stranger = client()
        stranger.token = "nobody"
        with self.assertRaises(ExpiredAccessToken) as caught:
            stranger.send_message(TO, "Hello")
        self.assertIsInstance(caught.exception, WhatsAppError)
        self.assertEqual(caught.exception.code, 190)

"""What the emulator posts, through pywa's signature check and parser."""

import base64
import unittest

from pywa import handlers
from pywa.errors import MessageUndeliverable, ReEngagementMessage
from pywa.types import (
    Button,
    CallbackButton,
    CallbackSelection,
    FlowButton,
    FlowCompletion,
    Message,
    MessageStatus,
    MessageStatusType,
    MessageType,
    PhoneNumberChange,
    Section,
    SectionList,
    SectionRow,
    TemplateQualityUpdate,
    TemplateStatusUpdate,
    UserMarketingPreferences,
)
from pywa.types.templates import BodyText, QuickReplyButton, TemplateLanguage, TemplateStatus

from emulator import APP, FLOW, NUMBER, PNG, SECRET, VERIFY_TOKEN, Receiver, client, control, open_window

USER = "94771000013"
DATA = base64.b64encode(PNG).decode()


class Webhooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # pywa takes the first update of a post only; Meta, like the emulator, may put several into one.
        control("config", {"webhooks": {"batch": 1}})
        cls.wa = client()
        cls.receiver = Receiver(cls.wa)
        for handler in (
            handlers.MessageHandler,
            handlers.MessageStatusHandler,
            handlers.CallbackButtonHandler,
            handlers.CallbackSelectionHandler,
            handlers.FlowCompletionHandler,
            handlers.TemplateStatusUpdateHandler,
            handlers.TemplateQualityUpdateHandler,
            handlers.UserMarketingPreferencesHandler,
            handlers.PhoneNumberChangeHandler,
        ):
            cls.wa.add_handlers(handler(cls.receiver.keep))
        # pywa itself tells Meta where webhooks go; the emulator verifies that before it agrees.
        token = cls.wa.get_app_access_token(APP, SECRET)
        cls.wa.set_app_callback_url(
            app_id=APP,
            app_access_token=token,
            callback_url=cls.receiver.url,
            verify_token=VERIFY_TOKEN,
            fields=cls.wa._webhook_fields,
        )
        open_window(USER)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.receiver.stop()

    def tearDown(self) -> None:
        self.assertEqual(self.receiver.refused, [])

    def arrived(self, kind: type, wamid: str):
        """The update of this kind and id."""
        return self.receiver.next(f"{kind.__name__} {wamid}", lambda u: isinstance(u, kind) and u.id == wamid)

    def says(self, message: dict, reply_to: str | None = None) -> Message:
        """Lets the user say something, and returns what pywa made of it."""
        body = {"message": message} | ({"reply_to": reply_to} if reply_to else {})
        found = self.arrived(Message, control(f"users/{USER}/say", body)["id"])
        self.assertEqual(found.from_user.wa_id, USER)
        self.assertTrue(found.from_user.bsuid)
        self.assertEqual(found.metadata.phone_number_id, NUMBER)
        return found

    def status(self, wamid: str, status: MessageStatusType) -> MessageStatus:
        return self.receiver.next(
            f"{status} of {wamid}",
            lambda u: isinstance(u, MessageStatus) and u.id == wamid and u.status == status,
        )


class Statuses(Webhooks):
    def test_sent_delivered_and_read(self) -> None:
        sent = self.wa.send_message(USER, "Hello", tracker="job.7")
        for status in (MessageStatusType.SENT, MessageStatusType.DELIVERED, MessageStatusType.READ):
            told = self.status(sent.id, status)
            self.assertEqual(told.tracker, "job.7")
            self.assertEqual(told.from_user.wa_id, USER)
            self.assertEqual(told.metadata.phone_number_id, NUMBER)
        self.assertFalse(self.status(sent.id, MessageStatusType.DELIVERED).pricing.billable)

    def test_failed_outside_the_window(self) -> None:
        told = self.status(self.wa.send_message("94771000014", "Hello").id, MessageStatusType.FAILED)
        self.assertIsInstance(told.error, ReEngagementMessage)
        self.assertEqual(told.from_user.wa_id, "94771000014")

    def test_failed_for_somebody_without_whatsapp(self) -> None:
        control("users", {"phone": "94771000015", "on_whatsapp": False, "window_open": True})
        told = self.status(self.wa.send_message("94771000015", "Hello").id, MessageStatusType.FAILED)
        self.assertIsInstance(told.error, MessageUndeliverable)
        self.assertIsNone(told.from_user.bsuid)


class Messages(Webhooks):
    def test_text_and_a_reply(self) -> None:
        said = "ආයුබෝවන් \U0001f600 / <b>"
        self.assertEqual(self.says({"type": "text", "text": {"body": said}}).text, said)
        sent = self.wa.send_message(USER, "Tea?")
        answer = self.says({"type": "text", "text": {"body": "Yes"}}, reply_to=sent.id)
        self.assertEqual(answer.reply_to_message.id, sent.id)

    def test_a_tap_on_a_button(self) -> None:
        sent = self.wa.send_message(USER, "Sure?", buttons=[Button("Yes", "yes")])
        tapped = self.arrived(CallbackButton, control(f"users/{USER}/tap", {"wamid": sent.id, "button": "Yes"})["id"])
        self.assertEqual((tapped.data, tapped.title), ("yes", "Yes"))
        self.assertEqual(tapped.reply_to_message.id, sent.id)

    def test_a_tap_on_a_row(self) -> None:
        rows = [SectionRow("Green", "green", "Mild")]
        sent = self.wa.send_message(USER, "Which?", buttons=SectionList("Menu", [Section("Teas", rows)]))
        tap = control(f"users/{USER}/tap", {"wamid": sent.id, "button": "green"})["id"]
        picked = self.arrived(CallbackSelection, tap)
        self.assertEqual((picked.data, picked.title, picked.description), ("green", "Green", "Mild"))

    def test_a_tap_on_a_templates_button(self) -> None:
        sent = self.wa.send_template(
            USER,
            "appointment_reminder",
            TemplateLanguage.ENGLISH_US,
            [
                BodyText.params(first_name="Nimal", day="Friday", hour="10:30"),
                QuickReplyButton.params(callback_data="coming", index=0),
            ],
        )
        tap = control(f"users/{USER}/tap", {"wamid": sent.id, "button": "I will come"})["id"]
        tapped = self.arrived(CallbackButton, tap)
        self.assertEqual((tapped.data, tapped.title), ("coming", "I will come"))
        self.assertEqual(tapped.type, MessageType.BUTTON)

    def test_a_flows_answer(self) -> None:
        button = FlowButton(title="Start", flow_id=FLOW, flow_action_screen="WELCOME")
        sent = self.wa.send_message(USER, "Book", buttons=button)
        done = self.arrived(FlowCompletion, control(f"users/{USER}/tap", {"wamid": sent.id})["id"])
        self.assertEqual(done.token, "unused")

    def test_media_can_be_downloaded(self) -> None:
        image = self.says({"type": "image", "image": {"data": DATA, "mime_type": "image/png", "caption": "Look"}})
        self.assertEqual(image.caption, "Look")
        self.assertEqual(image.image.mime_type, "image/png")
        self.assertEqual(image.image.get_bytes(), PNG)
        document = self.says({"type": "document", "document": {"data": DATA, "mime_type": "application/pdf", "filename": "a.pdf"}})
        self.assertEqual(document.document.filename, "a.pdf")
        voice = self.says({"type": "audio", "audio": {"data": DATA, "mime_type": "audio/ogg; codecs=opus", "voice": True}})
        self.assertTrue(voice.audio.voice)
        self.assertIsNotNone(self.says({"type": "video", "video": {"data": DATA, "mime_type": "video/mp4"}}).video)
        sticker = self.says({"type": "sticker", "sticker": {"data": DATA, "mime_type": "image/webp", "animated": False}})
        self.assertFalse(sticker.sticker.animated)

    def test_a_location_contacts_a_reaction_something_unsupported(self) -> None:
        place = self.says({"type": "location", "location": {"latitude": 6.9271, "longitude": 79.8612, "name": "Fort"}})
        self.assertEqual((place.location.latitude, place.location.name), (6.9271, "Fort"))
        card = {"name": {"formatted_name": "Nimal", "first_name": "Nimal"}, "phones": [{"phone": "+94771234567", "type": "CELL"}]}
        contacts = self.says({"type": "contacts", "contacts": [card]}).contacts
        self.assertEqual(contacts[0].name.formatted_name, "Nimal")
        sent = self.wa.send_message(USER, "Hello")
        reaction = self.says({"type": "reaction", "reaction": {"message_id": sent.id, "emoji": "👍"}}).reaction
        self.assertEqual((reaction.message_id, reaction.emoji), (sent.id, "👍"))
        odd = self.says({"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown", "message": "Message type unknown", "error_data": {"details": "Message type is currently not supported."}}], "unsupported": {"type": "poll"}})
        self.assertEqual(odd.type, MessageType.UNSUPPORTED)


class News(Webhooks):
    def test_a_template_is_paused_and_its_quality_changes(self) -> None:
        control("templates/coupon", {"status": "PAUSED"})
        paused = self.receiver.next("pause", lambda u: isinstance(u, TemplateStatusUpdate) and u.template_name == "coupon")
        self.assertEqual(paused.new_status, TemplateStatus.PAUSED)
        self.assertEqual(paused.template_language, TemplateLanguage.ENGLISH_US)
        control("templates/coupon", {"quality": "YELLOW"})
        quality = self.receiver.next("quality", lambda u: isinstance(u, TemplateQualityUpdate))
        self.assertEqual(quality.template_name, "coupon")

    def test_a_user_stops_marketing(self) -> None:
        control(f"users/{USER}/stop-marketing", {})
        stopped = self.receiver.next("stop", lambda u: isinstance(u, UserMarketingPreferences))
        self.assertFalse(stopped)
        self.assertEqual(stopped.from_user.wa_id, USER)

    def test_a_user_changes_number(self) -> None:
        control("users/94771000016/write", {"text": "Hello"})
        control("users/94771000016/change-number", {"to": "94771000017"})
        moved = self.receiver.next("move", lambda u: isinstance(u, PhoneNumberChange))
        self.assertEqual((moved.old_wa_id, moved.new_wa_id), ("94771000016", "94771000017"))

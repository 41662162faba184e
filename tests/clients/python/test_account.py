"""pywa and what belongs to an account: media, templates, number, business profile, blocked users."""

import unittest

from pywa.errors import WhatsAppError
from pywa.types import Command, Industry
from pywa.types.templates import (
    BodyText,
    Buttons,
    FooterText,
    HeaderImage,
    HeaderText,
    ParamFormat,
    PhoneNumberButton,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
    TemplateStatus,
    URLButton,
)

from emulator import APP, NUMBER, PNG, PORTFOLIO, SECRET, WABA, client, control


class Account(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.wa = client()


class Media(Account):
    def test_what_is_uploaded_can_be_looked_up_downloaded_and_deleted(self) -> None:
        media = self.wa.upload_media(PNG, "image/png", "a.png")
        known = self.wa.get_media_url(media.id)
        self.assertEqual(known.mime_type, "image/png")
        self.assertEqual(int(known.file_size), len(PNG))
        self.assertEqual(self.wa.get_media_bytes(known.url), PNG)
        self.assertTrue(self.wa.delete_media(media.id))
        with self.assertRaises(WhatsAppError) as caught:
            self.wa.get_media_url(media.id)
        self.assertEqual((caught.exception.code, caught.exception.subcode), (100, 33))

    def test_a_file_of_a_kind_that_meta_does_not_take_is_refused(self) -> None:
        with self.assertRaises(WhatsAppError):
            self.wa.upload_media(b"MZ", "application/x-msdownload", "a.exe")


class Templates(Account):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # pywa knows Meta's language codes by heart, and cannot read a list that holds another one.
        cls.wa.delete_template("seasonal_sale", template_id="1407680676000009")

    def test_are_listed_with_parts_pywa_understands(self) -> None:
        templates = {(t.name, t.language): t for t in self.wa.get_templates()}
        sale = templates["seasonal_sale", TemplateLanguage.ENGLISH_US]
        self.assertIsInstance(sale.components[0], HeaderText)
        self.assertIsInstance(sale.components[1], BodyText)
        self.assertEqual(sale.components[-1].buttons[0].text, "Show me")
        self.assertIsInstance(templates["new_arrival", TemplateLanguage.ENGLISH_US].components[0], HeaderImage)
        named = templates["appointment_reminder", TemplateLanguage.ENGLISH_US]
        self.assertEqual(named.parameter_format, ParamFormat.NAMED)

    def test_are_found_by_status_category_and_language(self) -> None:
        paused = self.wa.get_templates(statuses=[TemplateStatus.PAUSED])
        self.assertEqual([t.name for t in paused], ["tired_offer"])
        codes = self.wa.get_templates(categories=[TemplateCategory.AUTHENTICATION])
        self.assertEqual([t.name for t in codes], ["login_code"])
        two = self.wa.get_templates(categories=[TemplateCategory.AUTHENTICATION, TemplateCategory.UTILITY])
        self.assertEqual({t.category for t in two}, {TemplateCategory.AUTHENTICATION, TemplateCategory.UTILITY})
        self.assertEqual(list(self.wa.get_templates(languages=[TemplateLanguage.TAMIL])), [])

    def test_are_created_read_and_deleted(self) -> None:
        template = Template(
            name="pywa_ready",
            language=TemplateLanguage.ENGLISH_US,
            category=TemplateCategory.UTILITY,
            parameter_format=ParamFormat.NAMED,
            components=[
                HeaderText("Order ready"),
                BodyText("Hello {{first_name}}, order {{number}} can be fetched now.", first_name="Nimal", number="4711"),
                FooterText(text="Open until six"),
                Buttons(
                    buttons=[
                        QuickReplyButton(text="On my way"),
                        PhoneNumberButton(text="Call us", phone_number="+15550783881"),
                        URLButton(text="Track", url="https://example.com/{{1}}", example="https://example.com/4711"),
                    ]
                ),
            ],
        )
        created = self.wa.create_template(template)
        self.assertIn(created.status, (TemplateStatus.PENDING, TemplateStatus.APPROVED))
        read = self.wa.get_template(created.id)
        self.assertEqual(read.name, "pywa_ready")
        self.assertEqual(read.components[1].text, "Hello {{first_name}}, order {{number}} can be fetched now.")
        with self.assertRaises(WhatsAppError) as caught:
            self.wa.create_template(template)
        self.assertEqual((caught.exception.code, caught.exception.subcode), (100, 2388024))
        self.assertTrue(self.wa.delete_template("pywa_ready", template_id=created.id))
        self.assertEqual(list(self.wa.get_templates(name="pywa_ready")), [])

    def test_a_header_with_media_is_uploaded_in_steps(self) -> None:
        template = Template(
            name="pywa_picture",
            language=TemplateLanguage.ENGLISH_US,
            category=TemplateCategory.MARKETING,
            components=[
                HeaderImage(example=PNG, mime_type="image/png"),
                BodyText("Hello {{1}}, see what came in.", "Nimal"),
            ],
        )
        created = self.wa.create_template(template)
        self.assertEqual(created.category, TemplateCategory.MARKETING)
        self.assertIsInstance(self.wa.get_template(created.id).components[0], HeaderImage)

    def test_a_paused_one_is_let_go_on(self) -> None:
        tired = next(iter(self.wa.get_templates(name="tired_offer")))
        self.assertIsNotNone(self.wa.unpause_template(tired.id))
        control("templates/tired_offer", {"status": "PAUSED"})


class Number(Account):
    def test_number_account_and_portfolio_are_read(self) -> None:
        number = self.wa.get_business_phone_number()
        self.assertEqual(number.id, NUMBER)
        self.assertEqual(number.display_phone_number, "+1 555-078-3881")
        self.assertEqual([n.id for n in self.wa.get_business_phone_numbers()], [NUMBER])
        self.assertEqual(self.wa.get_business_account().name, "Emulator Account")
        owned = self.wa.get_owned_business_accounts(business_portfolio_id=PORTFOLIO)
        self.assertIn(WABA, [account.id for account in owned])

    def test_the_business_profile_is_read_and_written(self) -> None:
        written = self.wa.update_business_profile(
            about="Tea since 1870",
            address="Colombo",
            description="Tea",
            email="tea@example.com",
            industry=Industry.RETAIL,
            websites=["https://example.com/"],
        )
        self.assertTrue(written)
        profile = self.wa.get_business_profile()
        self.assertEqual((profile.about, profile.address, profile.email), ("Tea since 1870", "Colombo", "tea@example.com"))
        self.assertEqual(profile.industry, Industry.RETAIL)
        self.assertEqual(list(profile.websites), ["https://example.com/"])

    def test_its_settings_are_read(self) -> None:
        self.assertIsNotNone(self.wa.get_business_phone_number_settings())

    def test_it_is_deregistered_and_registered(self) -> None:
        self.assertTrue(self.wa.deregister_phone_number())
        self.assertTrue(self.wa.register_phone_number(pin="112233"))

    def test_a_new_display_name_is_asked_for(self) -> None:
        self.assertTrue(self.wa.update_display_name(new_display_name="Nimal's Market"))

    def test_users_who_wrote_are_blocked_and_unblocked(self) -> None:
        user = "94771000012"
        control(f"users/{user}/write", {"text": "Hello"})
        self.assertEqual([u.wa_id for u in self.wa.block_users([user]).added_users], [user])
        # pywa cannot read the list itself: it wants `input` in it, which Meta does not send.
        self.assertIn(user, [u["wa_id"] for u in self.wa.api.get_blocked_users(NUMBER)["data"]])
        self.assertEqual([u.wa_id for u in self.wa.unblock_users([user]).removed_users], [user])

    def test_qr_codes_are_made_changed_and_deleted(self) -> None:
        made = self.wa.create_qr_code(prefilled_message="Hello", image_type="SVG")
        self.assertEqual(made.prefilled_message, "Hello")
        changed = self.wa.update_qr_code(made.code, "Good morning")
        self.assertEqual((changed.code, changed.prefilled_message), (made.code, "Good morning"))
        self.assertIn(made.code, [code.code for code in self.wa.get_qr_codes()])
        self.assertTrue(self.wa.delete_qr_code(made.code))
        self.assertNotIn(made.code, [code.code for code in self.wa.get_qr_codes()])

    def test_prompts_and_commands_are_kept(self) -> None:
        commands = [Command(name="menu", description="Shows the menu")]
        self.assertTrue(self.wa.update_conversational_automation(["Are you open?"], commands))
        automation = self.wa.get_business_phone_number().conversational_automation
        self.assertEqual(list(automation.ice_breakers), ["Are you open?"])
        self.assertEqual(list(automation.commands), commands)

    def test_the_shops_settings_are_kept(self) -> None:
        self.assertTrue(self.wa.update_commerce_settings(is_catalog_visible=True, is_cart_enabled=False))
        settings = self.wa.get_commerce_settings()
        self.assertEqual((settings.is_catalog_visible, settings.is_cart_enabled), (True, False))

    def test_a_username_is_taken_and_given_back(self) -> None:
        self.wa.set_username("nimals.market")
        self.assertEqual(self.wa.get_current_username().username, "nimals.market")
        self.assertTrue(self.wa.delete_username())

    def test_an_app_gets_its_token(self) -> None:
        self.assertTrue(self.wa.get_app_access_token(APP, SECRET))

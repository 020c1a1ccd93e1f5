"""Every use case that writes, and what walks it: a write that is named nowhere fails tests/explore/test_registry.py."""

WALKED: dict[str, tuple[str, ...]] = {
    "activate.activate": (
        "activate@key",
        "activate-rival@key",
        "activate-own-rival@key",
        "repeat@key",
        "activate@users",
        "activate-rival@users",
        "activate-own-rival@users",
        "repeat@users",
        "activate-listed@batch",
        "activate@account",
        "activate@device",
        "activate-idle@device",
        "activate@webhook",
    ),
    "assign_user.assign_user": (
        "assign@users",
        "assign-rival@users",
        "assign-listed@batch",
        "assign-other@batch",
    ),
    "batch_assign.continue_batch": ("continue@batch",),
    "batch_assign.end_batch": ("end-batch@batch",),
    "batch_assign.start_batch": (
        "start-all@batch",
        "start-some@batch",
    ),
    "branding.set_branding": (
        "rename@shop",
        "color@shop",
    ),
    "bounded_guesses.count_guess": ("guess-user@account",),
    "bounded_probes.bounded_probe": ("move@account",),
    "change_account.change_profile": (
        "rename@account",
        "rename-otherwise@account",
    ),
    "change_account.choose_password": (
        "choose@account",
        "change@account",
    ),
    "change_account.end_other_sessions": ("end-others@account",),
    "change_device.allow_device": ("allow@device",),
    "change_device.blacklist_device": (
        "block@device",
        "block-device@key",
        "block-device@users",
    ),
    "change_device.reset_device": (
        "reset-device@key",
        "reset-device@users",
    ),
    "change_email.change_email": ("move@account",),
    "change_license.extend": (
        "prolong@device",
        "expire@key",
        "renew@key",
        "expire@users",
        "renew@users",
    ),
    "change_license.reset_license": (
        "reset-license@device",
        "reset-license@key",
        "reset-license@users",
        "reset-license@batch",
    ),
    "change_license.set_enabled": (
        "disable@device",
        "enable@key",
        "disable@key",
        "enable@users",
        "disable@users",
    ),
    "change_password.change_password": ("change@account",),
    "change_seat.remove_account": ("close@account",),
    "change_seat.remove_user": (
        "remove@users",
        "remove-listed@batch",
        "remove-other@batch",
    ),
    "change_seat.reset_activations": (
        "reset-user@users",
        "reset-listed@batch",
    ),
    "change_seat.set_max_activations": (
        "lower@users",
        "raise@users",
        "limit-listed@batch",
    ),
    "change_seat.set_password": (
        "set@account",
        "set-once@account",
        "set-reused@account",
    ),
    "check.check": (
        "check@key",
        "check@users",
    ),
    "close_account.close_account": (
        "close@account",
        "close-manager@shop",
    ),
    "close_account.reopen_account": ("reopen-manager@shop",),
    "create.create_company": ("create-company@shop",),
    "create.create_product": ("create-product@shop",),
    "create.create_api_key": (
        "make-key@account",
        "make-key-reused@account",
    ),
    "create.revoke_api_key": (
        "revoke-key@account",
        "use-key@account",
    ),
    "deactivate.deactivate": (
        "deactivate@webhook",
        "deactivate@device",
        "deactivate@key",
        "deactivate-other@key",
        "deactivate@users",
        "deactivate-other@users",
    ),
    "delete_company.delete_company": ("delete-company@shop",),
    "device_variables.track_on": (
        "track@device",
        "track-rival@device",
    ),
    "endpoints.change_endpoint": (
        "pause@webhook",
        "resume@webhook",
    ),
    "endpoints.create_endpoint": ("create@webhook",),
    "endpoints.delete_endpoint": ("delete@webhook",),
    "endpoints.disable_endpoint": ("deliver@webhook",),
    "endpoints.roll_secret": ("roll@webhook",),
    "endpoints.send_again": ("again@webhook",),
    "endpoints.send_test": ("test@webhook",),
    "file_events.file_events": (
        "deliver@webhook",
        "deliver-early@webhook",
        "deliver-late@webhook",
    ),
    "forget_devices.forget_idle_devices": (
        "activate@device",
        "activate-idle@device",
    ),
    "forgotten_password.request_code": ("ask@account",),
    "forgotten_password.set_password_by_code": (
        "redeem@account",
        "redeem-otherwise@account",
        "guess-code@account",
    ),
    "idempotency.perform_once": (
        "set-once@account",
        "set-reused@account",
        "make-key@account",
        "make-key-reused@account",
        "issue-once@shop",
    ),
    "invitations.accept_invitation": (
        "accept@account",
        "accept-otherwise@account",
    ),
    "invitations.invite_again": ("invite@account",),
    "issue_license.issue_license": (
        "issue@shop",
        "issue-rival@shop",
        "issue-for-others@shop",
        "issue-with-key@shop",
    ),
    "log_in.log_in": (
        "log-in@account",
        "log-in-wrong@account",
        "log-in-stranger@account",
        "log-in-new@account",
        "activate@account",
        "change@account",
    ),
    "order_managers.add_manager": ("add-manager@shop",),
    "order_managers.remove_manager": (
        "remove-manager@shop",
        "remove-rival@shop",
    ),
    "portal_queries.principal.authenticate": ("check-session@account",),
    "repair_links.repair_links": ("repair@shop",),
    "security_events.note_security_event": (
        "log-in@account",
        "log-in-wrong@account",
        "log-in-stranger@account",
        "ask@account",
        "reveal@account",
    ),
    "send_mails.send_mails": ("send@account",),
    "send_webhooks.send_webhooks": (
        "deliver@webhook",
        "deliver-early@webhook",
        "deliver-late@webhook",
    ),
    "sessions.keep_session": (
        "change@account",
        "choose@account",
        "end-others@account",
    ),
    "sessions.log_out": ("log-out@account",),
    "sessions.log_in_to_portal": (
        "log-in@account",
        "log-in-new@account",
    ),
    "sessions.open_session": (
        "log-in@account",
        "log-in-new@account",
    ),
    "sweep.sweep": (
        "sweep@key",
        "sweep@users",
    ),
    "unlock.unlock": ("unlock@account",),
}
"""By `<module>.<function>` in `chalicelib.usecases`: the deeds that do it, each with its kind of world."""

NOT_WALKED: dict[str, str] = {
    "change_account.choose_mails": "as `change_account.change_profile`: one write, under the same condition",
    "limit_reached.note_limit_reached": "an observation: it is tried once, and no answer fails with it",
    "refused_mails.give_up_refused": "a fault and a crash at each of its writes: tests/usecases/test_refused_mails.py",
    "record_refusal.record_refusal": "an observation: no answer and no write waits for it, or fails with it",
}
"""Why no deed does it."""

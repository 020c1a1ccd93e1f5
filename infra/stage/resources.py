"""What a stage is made of, beside what Chalice generates: the template that `chalice package` merges into its own."""

from chalicelib.domain.types import Json
from chalicelib.settings import way_of_mail
from infra.stage.alarms import alarms
from infra.stage.dashboard import dashboard
from infra.stage.firewall import firewall
from infra.stage.functions import functions
from infra.stage.gateway import gateway
from infra.stage.stages import Stage, StageError
from infra.stage.tables import tables

OUTPUTS = {
    "AlarmTopicArn": {"Ref": "AlarmTopic"},
    "DeadLettersUrl": {"Ref": "DeadLetters"},
    "DashboardName": {"Ref": "Dashboard"},
}


def resources(stage: Stage) -> Json:
    """The merge template of a stage: dicts merge deep into Chalice's template, everything else replaces.

    Raises `StageError` where the stage's settings cannot be those of a stage.
    """
    _guard_webhooks(stage)
    return {
        "Mappings": {"Mail": {"Sender": _sender(stage)}},
        "Resources": {
            **tables(stage),
            **functions(stage),
            **gateway(stage),
            **firewall(stage),
            **alarms(),
            **dashboard(),
        },
        "Outputs": {name: {"Value": value} for name, value in OUTPUTS.items()},
    }


def _sender(stage: Stage) -> dict[str, str]:
    """From where the stage's mail is sent, for the policy of the function that sends it: the setting says it once."""
    mail = stage.environment.get("SEATKEEPER_MAIL", "")
    way, _, address = mail.partition(":")
    if way != "ses" or "@" not in address:
        raise StageError(
            f"SEATKEEPER_MAIL of stage {stage.name} in .chalice/config.json must be ses:<address>:"
            " a function has no folder for mail."
        )
    try:
        way_of_mail(mail)
    except ValueError as error:
        raise StageError(f"SEATKEEPER_MAIL of stage {stage.name} in .chalice/config.json: {error}.") from None
    return {"Address": address, "Domain": address.rpartition("@")[2]}


def _guard_webhooks(stage: Stage) -> None:
    """Require that webhooks leave for public addresses alone: a function reaches more of AWS than its callers may."""
    if stage.environment.get("SEATKEEPER_WEBHOOKS", "public") != "public":
        raise StageError(
            f"SEATKEEPER_WEBHOOKS of stage {stage.name} in .chalice/config.json must be public, or absent."
        )

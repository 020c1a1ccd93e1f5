"""What has a name is named alike in `.chalice/config.json`, the policies, the template and the code, in every stage."""

import pytest

from chalicelib.settings import Secrets, Settings
from infra.stage.functions import FUNCTIONS
from infra.stage.stages import read_config, read_stage
from tests.infra.stage.templates import MODELS, STAGES, functions, listed, of_type, policy, properties, template

each_stage = pytest.mark.parametrize("stage", STAGES)


@each_stage
def test_the_tables_have_the_same_names_in_config_policies_template_and_code(stage: str) -> None:
    prefix = read_config()["stages"][stage]["environment_variables"]["SEATKEEPER_TABLE_PREFIX"]
    of_the_code = {f"{prefix}-{model.Meta.table_name}" for model in MODELS}
    of_the_template = {
        name: table["Properties"]["TableName"] for name, table in of_type(stage, "DynamoDB::Table").items()
    }
    assert sorted(of_the_template.values()) == sorted(of_the_code)
    of_the_policies = {
        of_the_template[statement["Resource"]["Fn::GetAtt"][0]]
        for function in functions(stage)
        for statement in policy(stage, function)
        if listed(statement["Action"])[0].startswith("dynamodb:")
    }
    assert of_the_policies == of_the_code


@each_stage
def test_the_functions_get_the_settings_that_config_says(stage: str) -> None:
    """And who sends mail where the portal is (`test_resources`), which config need not say."""
    answers = read_config()["stages"][stage]["environment_variables"]
    given = [function["Environment"]["Variables"] for function in functions(stage).values()]
    assert [settings | {"SEATKEEPER_PORTAL_URL": ""} for settings in given] == [
        answers | {"SEATKEEPER_PORTAL_URL": ""} for _ in FUNCTIONS
    ]


@each_stage
def test_every_setting_is_known_and_well_formed_and_none_that_is_required_is_missing(stage: str) -> None:
    answer = read_stage(stage).environment
    fields = {name.removeprefix("SEATKEEPER_").lower(): value for name, value in answer.items()}
    assert {f"SEATKEEPER_{field.upper()}" for field in fields} == set(answer)
    assert set(fields) <= set(Settings.model_fields)
    Settings.model_validate(fields)


@each_stage
def test_a_stage_has_one_name(stage: str) -> None:
    stack = read_stage(stage).stack
    answer = read_stage(stage).environment
    assert (answer["SEATKEEPER_TABLE_PREFIX"], answer["SEATKEEPER_SECRETS"]) == (stack, f"ssm:/{stack}")
    api = properties(stage, "RestAPI")
    assert (api["StageName"], api["DefinitionBody"]["info"]["title"]) == (stage, stack)


@each_stage
def test_the_functions_may_read_the_secrets_that_the_code_asks_for(stage: str) -> None:
    path = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}/"
    for function in functions(stage):
        (secrets,) = [s for s in policy(stage, function) if listed(s["Action"]) == ["ssm:GetParameters"]]
        assert {name["Fn::Sub"] for name in secrets["Resource"]} == {path + field for field in Secrets.model_fields}


@each_stage
def test_mail_is_sent_from_the_address_that_config_says(stage: str) -> None:
    address = read_stage(stage).environment["SEATKEEPER_MAIL"].removeprefix("ses:")
    (mail,) = [s for s in policy(stage, "SendQueuedMails") if listed(s["Action"]) == ["ses:SendEmail"]]
    sender = {"Fn::FindInMap": ["Mail", "Sender", "Address"]}
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": sender}}
    identities = [identity["Fn::Sub"][1]["Sender"]["Fn::FindInMap"] for identity in mail["Resource"]]
    assert identities == [["Mail", "Sender", "Address"], ["Mail", "Sender", "Domain"]]
    mapped = template(stage)["Mappings"]["Mail"]["Sender"]
    assert mapped == {"Address": address, "Domain": address.split("@")[1]}

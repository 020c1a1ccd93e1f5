"""What all stages of an account share in a region, and therefore none of their stacks may own."""

import json
import sys
from time import sleep

from botocore.exceptions import ClientError

from chalicelib.domain.types import AwsClient
from infra.stage.aws import Aws

LOG_ROLE = "seatkeeper-api-gateway-logs"
_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_MAY_USE_IT = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
_WAITS = (20, 20, 20)  # seconds; a new role is known everywhere after some ten, and AWS takes one such call in twenty


def let_api_gateway_log(aws: Aws) -> None:
    """Let API Gateway write access logs, where the account has not let it yet: else no stage could be made.

    An account has one role for this in each region, whatever APIs it has. In the stack of a stage it would take the
    place of the one before, and with the stack it would be gone, and every other API's logs would end unnoticed.
    So it is made once, beside all stacks, and a role that is there already is left as it is.
    """
    gateway = aws.client("apigateway")
    if gateway.get_account().get("cloudwatchRoleArn"):
        return
    role = _role(aws.client("iam"), aws.session.get_partition_for_region(aws.region))
    change = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    for wait in _WAITS:
        try:
            gateway.update_account(patchOperations=change)
            return
        except (gateway.exceptions.BadRequestException, gateway.exceptions.TooManyRequestsException):
            print("API Gateway does not know its role for access logs yet; once more in a while.", file=sys.stderr)
            sleep(wait)
    gateway.update_account(patchOperations=change)


def _role(iam: AwsClient, partition: str) -> str:
    """The ARN of the role, which is of all regions."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_MAY_USE_IT]})
    try:
        iam.create_role(RoleName=LOG_ROLE, AssumeRolePolicyDocument=trust)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    iam.attach_role_policy(RoleName=LOG_ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{_LOG_POLICY}")
    arn: str = iam.get_role(RoleName=LOG_ROLE)["Role"]["Arn"]
    return arn

"""The stack of everything that works on the data: queue, functions, API. It holds no data and can be made again."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, CfnOutput, CfnParameter, CfnRule, CfnRuleAssertion, Duration, Fn, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk import parameters
from infra_cdk.api import Api
from infra_cdk.bucket_events import BucketEvents
from infra_cdk.canary import Canary
from infra_cdk.images import Images
from infra_cdk.names import camel_case
from infra_cdk.service_function import Limits, ServiceFunction
from infra_cdk.settings import ENDPOINT_PARAMETER, Settings
from infra_cdk.tracking_queue import TrackingQueue
from size_history import budgets
from size_history.items import SIZE_INDEX

TRACKING = Limits(memory_mib=512, timeout_seconds=round(budgets.TRACKER.timeout_seconds))
PLOTTING = Limits(memory_mib=1024, timeout_seconds=round(budgets.PLOTTING.timeout_seconds))
DRIVER = Limits(memory_mib=256, timeout_seconds=round(budgets.DRIVER.timeout_seconds))
VISIBILITY = Duration.seconds(budgets.VISIBILITY_TIMEOUTS * TRACKING.timeout_seconds)

DRIVER_OBJECTS = ("assignment1.txt", "assignment2.txt")
"""The keys that the driver changes."""


class LambdaStack(Stack):
    """Data bucket → rule → queue → size-tracking → tables → plotting → plot bucket, and the driver."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, images: Images, **stack: Any
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self._settings = settings
        self._images = images
        _refuse_missing_images(self, images)
        _refuse_images_of_another_place(self, images)
        endpoint = _endpoint(self, settings)
        # The local API's own origin is LocalStack's endpoint.
        self._cors_origin = settings.cors_origin or endpoint or "*"
        self._find_storage()
        self._tracking_queue = self._collect_changes()
        self._queue = self._tracking_queue.queue

        tracking = self._size_tracking()
        self._tracking_queue.feed(tracking.live, settings.queue)
        plotting = self._plotting()
        self._api = Api(self, "PlotApi", function=plotting.live, cors_origin=self._cors_origin)
        self._api_url = self._api.url(endpoint)
        driver = self._driver()

        self._grant_tracking(tracking)
        self._grant_plotting(plotting)
        self._grant_driver(driver)
        functions = {"size-tracking": tracking, "plotting": plotting, "driver": driver}
        if not settings.emulated:  # LocalStack reports success for what follows and makes none of it
            # Nobody calls the driver's alias, so a canary would try a new version on no call.
            self._roll_out_gradually({"size-tracking": tracking, "plotting": plotting})
            self._turn_on_events()
        self._publish(functions)
        self._output(functions)

    def _find_storage(self) -> None:
        self._found = [
            parameters.read(self, self._settings, parameter)
            for parameter in (
                parameters.DATA_BUCKET,
                parameters.PLOT_BUCKET,
                parameters.HISTORY_TABLE,
                parameters.LEDGER_TABLE,
            )
        ]
        data_bucket, plot_bucket, history, ledger = self._found
        self._data_bucket = s3.Bucket.from_bucket_name(self, "DataBucket", data_bucket)
        self._plot_bucket = s3.Bucket.from_bucket_name(self, "PlotBucket", plot_bucket)
        self._history = dynamodb.Table.from_table_name(self, "History", history)
        self._ledger = dynamodb.Table.from_table_name(self, "Ledger", ledger)

    def _collect_changes(self) -> TrackingQueue:
        queue = TrackingQueue(self, "Tracking", visibility=VISIBILITY)
        queue.collect("DataBucketChanges", [self._data_bucket.bucket_name])
        if self._settings.tracked_buckets:
            queue.collect("TrackedBucketChanges", self._settings.tracked_buckets)
        queue.reconcile_daily()
        queue.watch(self._settings.watch_minutes)
        queue.admit_rules(self._settings.target)
        return queue

    def _size_tracking(self) -> ServiceFunction:
        # Each reconcile step sends the next one. By default AWS stops such a chain after 16 messages.
        return self._function(
            "size-tracking",
            TRACKING,
            recursive_loop=lambda_.RecursiveLoop.ALLOW,
            TRACKED_BUCKETS=",".join([self._data_bucket.bucket_name, *self._settings.tracked_buckets]),
            SAMPLE_RETENTION_DAYS=str(self._settings.sample_retention_days),
        )

    def _plotting(self) -> ServiceFunction:
        return self._function(
            "plotting",
            PLOTTING,
            SIZE_INDEX=SIZE_INDEX,
            DATA_BUCKET=self._data_bucket.bucket_name,
            PLOT_BUCKET=self._plot_bucket.bucket_name,
            DLQ_URL=self._tracking_queue.dlq.queue_url,
            RULE_DLQ_URL=self._tracking_queue.rule_dlq.queue_url,
            CORS_ORIGIN=self._cors_origin,
            SAMPLE_RETENTION_DAYS=str(self._settings.sample_retention_days),
        )

    def _driver(self) -> ServiceFunction:
        return self._function(
            "driver",
            DRIVER,
            DATA_BUCKET=self._data_bucket.bucket_name,
            API_URL=self._api_url,
            DRIVER_PAUSE_SECONDS=str(self._settings.driver_pause_seconds),
        )

    def _function(
        self,
        service: str,
        limits: Limits,
        *,
        recursive_loop: lambda_.RecursiveLoop | None = None,
        **environment: str,
    ) -> ServiceFunction:
        shared = {
            "HISTORY_TABLE": self._history.table_name,
            "LEDGER_TABLE": self._ledger.table_name,
            "QUEUE_URL": self._queue.queue_url,
        }
        environment = shared | environment
        return ServiceFunction(
            self,
            camel_case(service),
            service=service,
            digest=self._images.digest(service),
            architecture=self._settings.architecture,
            limits=limits,
            environment=environment,
            found_names=[
                name for name in self._found if any(name in value for value in environment.values())
            ],
            recursive_loop=recursive_loop,
        )

    def _grant_tracking(self, tracking: ServiceFunction) -> None:
        buckets = [self._data_bucket.bucket_arn, *map(self._bucket_arn, self._settings.tracked_buckets)]
        # Without ListBucket, S3 answers 403 instead of 404 for an absent object.
        tracking.allow("s3:ListBucket", "s3:GetBucketNotification", on=buckets)
        for bucket in buckets:
            tracking.allow_wildcard(
                "s3:GetObject", on=f"{bucket}/*", reason="every object of the bucket counts"
            )
        tracking.allow(
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            on=self._ledger.table_arn,
        )
        tracking.allow("dynamodb:PutItem", "dynamodb:Query", on=self._history.table_arn)
        tracking.allow("sqs:SendMessage", "sqs:GetQueueAttributes", on=self._queue.queue_arn)
        tracking.allow_on_everything(
            "s3:ListAllMyBuckets",
            "events:ListRules",
            "events:ListRuleNamesByTarget",
            reason="AWS allows these three lists on no single resource; the watch needs dates of buckets, and rules",
        )

    def _grant_plotting(self, plotting: ServiceFunction) -> None:
        # An index is a resource of its own. Without its ARN the query is denied, and only on AWS.
        index = f"{self._history.table_arn}/index/{SIZE_INDEX}"
        plotting.allow("dynamodb:Query", on=[self._history.table_arn, index])
        plotting.allow(
            "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", on=self._ledger.table_arn
        )
        plotting.allow("s3:PutObject", on=self._plot_bucket.arn_for_objects("plot"))
        plotting.allow_wildcard(
            "s3:PutObject",
            on=self._plot_bucket.arn_for_objects("plot/*"),
            reason="each bucket's plot has that bucket's name",
        )
        queues = (self._queue, self._tracking_queue.dlq, self._tracking_queue.rule_dlq)
        plotting.allow("sqs:GetQueueAttributes", on=[queue.queue_arn for queue in queues])

    def _grant_driver(self, driver: ServiceFunction) -> None:
        objects = [self._data_bucket.arn_for_objects(key) for key in DRIVER_OBJECTS]
        driver.allow("s3:ListBucket", on=self._data_bucket.bucket_arn)
        driver.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=objects)
        driver.allow("dynamodb:Query", on=self._history.table_arn)
        driver.allow("dynamodb:GetItem", on=self._ledger.table_arn)
        driver.allow("sqs:SendMessage", on=self._queue.queue_arn)
        driver.allow("execute-api:Invoke", on=self._api.route_arn("POST", "/plot"))

    def _bucket_arn(self, name: str) -> str:
        # Bucket.from_bucket_name refuses the long names that buckets from before 2018 may have.
        return self.format_arn(service="s3", region="", account="", resource=name)

    def _turn_on_events(self) -> None:
        if self._settings.tracked_buckets:
            buckets = {name: self._bucket_arn(name) for name in self._settings.tracked_buckets}
            BucketEvents(self, "TrackedBucketEvents", buckets=buckets)

    def _roll_out_gradually(self, functions: Mapping[str, ServiceFunction]) -> None:
        canary = Canary(self, "Canary")
        alarms: dict[str, list[cloudwatch.IAlarm]] = {
            service: [canary.alarm_on_errors(service, function.live)]
            for service, function in functions.items()
        }
        alarms["size-tracking"].append(canary.alarm_on_old_messages(self._queue))
        for service, function in functions.items():
            canary.roll_out(service, function.live, alarms[service])

    def _publish(self, functions: Mapping[str, ServiceFunction]) -> None:
        for name, value in {
            parameters.QUEUE: self._queue.queue_name,
            parameters.DLQ: self._tracking_queue.dlq.queue_name,
            parameters.RULE_DLQ: self._tracking_queue.rule_dlq.queue_name,
            parameters.API: self._api.api.rest_api_name,
            **{
                parameters.function(service): function.function.function_name
                for service, function in functions.items()
            },
        }.items():
            parameters.publish(self, self._settings, name, value)

    def _output(self, functions: Mapping[str, ServiceFunction]) -> None:
        outputs = {
            "ApiUrl": self._api_url,
            "ApiId": self._api.api.rest_api_id,
            "ApiStageName": self._api.stage,
            "QueueUrl": self._queue.queue_url,
            "DlqUrl": self._tracking_queue.dlq.queue_url,
            "RuleDlqUrl": self._tracking_queue.rule_dlq.queue_url,
            "SizeTrackingFunctionName": functions["size-tracking"].function.function_name,
            "PlottingFunctionName": functions["plotting"].function.function_name,
            "DriverFunctionName": functions["driver"].function.function_name,
        }
        if self._settings.tracked_buckets:
            outputs["TrackedBuckets"] = ",".join(self._settings.tracked_buckets)
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _endpoint(stack: Stack, settings: Settings) -> str | None:
    if settings.endpoint is None:
        return None
    return CfnParameter(
        stack,
        ENDPOINT_PARAMETER,
        type="String",
        default=settings.endpoint,
        description="Where LocalStack is reached from this machine",
    ).value_as_string


def _refuse_missing_images(stack: Stack, images: Images) -> None:
    # Synth must work on a fresh clone, but a deployment needs images. A parameter without a value stops the CDK's
    # command line before it touches the account. The rule, which is never true, stops every other tool.
    if not images.missing:
        return
    reason = f"images.json names no image for: {', '.join(images.missing)}"
    missing = CfnParameter(stack, "RunMakePushImagesFirst", type="String", description=reason)
    never = Fn.condition_not(Fn.condition_equals(missing.value_as_string, missing.value_as_string))
    refusal = CfnRuleAssertion(assert_=never, assert_description=f"{reason}; run make push-images first")
    CfnRule(stack, "ImagesArePushed", assertions=[refusal])


def _refuse_images_of_another_place(stack: Stack, images: Images) -> None:
    # A digest exists only in the registry that it was pushed to. `make deploy` checks this too; the rule stops every
    # other tool before it changes anything.
    if images.place is None:
        return
    fix = f"images.json holds digests of {images.registry}; run make push-images for this account and region first"
    assertions = [
        CfnRuleAssertion(assert_=Fn.condition_equals(here, recorded), assert_description=fix)
        for here, recorded in zip((Aws.ACCOUNT_ID, Aws.REGION), images.place, strict=True)
    ]
    CfnRule(stack, "ImagesAreHere", assertions=assertions)

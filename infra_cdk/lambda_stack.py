"""What works on the data: queue, functions, API. It holds nothing and may be deleted and made again."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, CfnParameter, CfnRule, CfnRuleAssertion, Duration, Fn, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk import wiring
from infra_cdk.canary import Canary
from infra_cdk.image_function import Allotment, ImageFunction
from infra_cdk.images import Images
from infra_cdk.plot_api import LONGEST_SECONDS, PlotApi
from infra_cdk.settings import ENDPOINT_PARAMETER, Settings
from infra_cdk.tracking_queue import TrackingQueue
from size_history.items import SIZE_INDEX

TRACKING = Allotment(memory_mib=512, timeout_seconds=30)
PLOTTING = Allotment(
    memory_mib=1024, timeout_seconds=LONGEST_SECONDS - 1
)  # so that its log shows the timeout
DRIVER = Allotment(memory_mib=256, timeout_seconds=300)
VISIBILITY = Duration.seconds(6 * TRACKING.timeout_seconds)  # AWS's advice for a queue that feeds a function

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
        self._find_storage()

        self._tracking_queue = TrackingQueue(self, "Tracking", visibility=VISIBILITY)
        self._tracking_queue.collect("DataBucketChanges", [self._data_bucket.bucket_name])
        if settings.tracked_buckets:
            self._tracking_queue.collect("TrackedBucketChanges", settings.tracked_buckets)
        self._tracking_queue.admit_added_rules(settings.target)
        self._tracking_queue.reconcile_daily(settings.tracked_buckets)
        self._queue = self._tracking_queue.queue
        tracking = self._size_tracking()
        self._tracking_queue.feed(tracking.live, settings.queue)

        plotting = self._plotting()
        self._api = PlotApi(self, "PlotApi", function=plotting.live, cors_origin=settings.cors_origin)
        self._api_url = self._api.url(_endpoint(self, settings))
        driver = self._driver()

        self._grant_tracking(tracking)
        self._grant_plotting(plotting)
        self._grant_driver(driver)
        self._roll_out_gradually(tracking, plotting, driver)
        self._outputs(tracking.function, plotting.function, driver.function)
        self._publish({"size-tracking": tracking, "plotting": plotting, "driver": driver})

    def _find_storage(self) -> None:
        def published(name: str) -> str:
            return wiring.published(self, self._settings, name)

        self._data_bucket = s3.Bucket.from_bucket_name(self, "DataBucket", published(wiring.DATA_BUCKET))
        self._tracked = [
            self._data_bucket,
            *(
                s3.Bucket.from_bucket_name(self, f"Tracked-{name}", name)
                for name in self._settings.tracked_buckets
            ),
        ]
        self._plot_bucket = s3.Bucket.from_bucket_name(self, "PlotBucket", published(wiring.PLOT_BUCKET))
        self._history = dynamodb.Table.from_table_name(self, "History", published(wiring.HISTORY_TABLE))
        self._ledger = dynamodb.Table.from_table_name(self, "Ledger", published(wiring.LEDGER_TABLE))

    def _size_tracking(self) -> ImageFunction:
        return self._function(
            "SizeTracking",
            "size-tracking",
            TRACKING,
            {
                "HISTORY_TABLE": self._history.table_name,
                "LEDGER_TABLE": self._ledger.table_name,
                "QUEUE_URL": self._queue.queue_url,
            },
            # Each step of a reconcile sends the next; AWS stops such a chain after 16, unless it is allowed.
            recursive_loop=lambda_.RecursiveLoop.ALLOW,
        )

    def _plotting(self) -> ImageFunction:
        return self._function(
            "Plotting",
            "plotting",
            PLOTTING,
            {
                "HISTORY_TABLE": self._history.table_name,
                "LEDGER_TABLE": self._ledger.table_name,
                "SIZE_INDEX": SIZE_INDEX,
                "DATA_BUCKET": self._data_bucket.bucket_name,
                "PLOT_BUCKET": self._plot_bucket.bucket_name,
                "QUEUE_URL": self._queue.queue_url,
                "CORS_ORIGIN": self._settings.cors_origin,
            },
        )

    def _driver(self) -> ImageFunction:
        return self._function(
            "Driver",
            "driver",
            DRIVER,
            {
                "DATA_BUCKET": self._data_bucket.bucket_name,
                "HISTORY_TABLE": self._history.table_name,
                "LEDGER_TABLE": self._ledger.table_name,
                "QUEUE_URL": self._queue.queue_url,
                "API_URL": self._api_url,
                "DRIVER_PAUSE_SECONDS": str(self._settings.driver_pause_seconds),
            },
        )

    def _function(
        self,
        construct_id: str,
        service: str,
        allotment: Allotment,
        environment: dict[str, str],
        recursive_loop: lambda_.RecursiveLoop | None = None,
    ) -> ImageFunction:
        return ImageFunction(
            self,
            construct_id,
            service=service,
            digest=self._images.digest(service),
            architecture=self._settings.architecture,
            allotment=allotment,
            environment=environment,
            recursive_loop=recursive_loop,
        )

    def _grant_tracking(self, tracking: ImageFunction) -> None:
        # ListBucket makes an absent object a 404; without it every deletion looks like a refusal (403).
        tracking.may("s3:ListBucket", on=[bucket.bucket_arn for bucket in self._tracked])
        for bucket in self._tracked:
            tracking.may_on_all(
                "s3:GetObject", of=bucket.arn_for_objects("*"), because="every object of the bucket counts"
            )
        tracking.may(
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            on=self._ledger.table_arn,
        )
        tracking.may("dynamodb:PutItem", on=self._history.table_arn)
        tracking.may("sqs:SendMessage", on=self._queue.queue_arn)

    def _grant_plotting(self, plotting: ImageFunction) -> None:
        # An index is a resource of its own: without its ARN the query is denied, and only on AWS.
        plotting.may(
            "dynamodb:Query", on=[self._history.table_arn, f"{self._history.table_arn}/index/{SIZE_INDEX}"]
        )
        plotting.may("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", on=self._ledger.table_arn)
        plotting.may("s3:PutObject", on=self._plot_bucket.arn_for_objects("plot"))
        plotting.may_on_all(
            "s3:PutObject",
            of=self._plot_bucket.arn_for_objects("plot/*"),
            because="each bucket's plot has that bucket's name",
        )
        plotting.may("sqs:GetQueueAttributes", on=self._queue.queue_arn)

    def _grant_driver(self, driver: ImageFunction) -> None:
        driver.may("s3:ListBucket", on=self._data_bucket.bucket_arn)
        driver.may(
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            on=[self._data_bucket.arn_for_objects(key) for key in DRIVER_OBJECTS],
        )
        driver.may("dynamodb:Query", on=self._history.table_arn)
        driver.may("dynamodb:GetItem", on=self._ledger.table_arn)
        driver.may("sqs:SendMessage", on=self._queue.queue_arn)
        driver.may("execute-api:Invoke", on=self._api.route_arn("POST", "/plot"))

    def _roll_out_gradually(
        self, tracking: ImageFunction, plotting: ImageFunction, driver: ImageFunction
    ) -> None:
        if self._settings.emulated:
            return  # LocalStack reports success for CodeDeploy's resources and makes none
        canary = Canary(self, "Canary")
        errors = {
            service: canary.watch_errors(service, function.live)
            for service, function in (
                ("size-tracking", tracking),
                ("plotting", plotting),
                ("driver", driver),
            )
        }
        oldest = canary.watch_queue(self._queue)
        canary.roll_out(
            {
                "size-tracking": (tracking.live, [errors["size-tracking"], oldest]),
                "plotting": (plotting.live, [errors["plotting"]]),
                "driver": (driver.live, [errors["driver"]]),
            }
        )

    def _outputs(
        self, tracking: lambda_.IFunction, plotting: lambda_.IFunction, driver: lambda_.IFunction
    ) -> None:
        for name, value in {
            "ApiUrl": self._api_url,
            "ApiId": self._api.api.rest_api_id,
            "ApiStageName": self._api.stage,
            "QueueUrl": self._queue.queue_url,
            "DlqUrl": self._tracking_queue.dlq.queue_url,
            "RuleDlqUrl": self._tracking_queue.rule_dlq.queue_url,
            "SizeTrackingFunctionName": tracking.function_name,
            "PlottingFunctionName": plotting.function_name,
            "DriverFunctionName": driver.function_name,
        }.items():
            CfnOutput(self, name, value=value)
        if self._settings.tracked_buckets:
            CfnOutput(self, "TrackedBuckets", value=",".join(self._settings.tracked_buckets))

    def _publish(self, functions: Mapping[str, ImageFunction]) -> None:
        for name, value in {
            wiring.QUEUE: self._queue.queue_name,
            wiring.DLQ: self._tracking_queue.dlq.queue_name,
            wiring.RULE_DLQ: self._tracking_queue.rule_dlq.queue_name,
            wiring.API: self._api.api.rest_api_name,
            **{wiring.function(service): made.function.function_name for service, made in functions.items()},
        }.items():
            wiring.publish(self, self._settings, name, value)


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
    # Synth must work on a fresh clone, a deployment must not: a parameter that has no value stops the CLI
    # before it touches the account, and CloudFormation behind any other tool.
    if not images.missing:
        return
    reason = f"images.json names no image for: {', '.join(images.missing)}"
    missing = CfnParameter(stack, "RunMakePushImagesFirst", type="String", description=reason)
    CfnRule(
        stack,
        "ImagesArePushed",
        assertions=[
            CfnRuleAssertion(
                # Never true, so that whoever gives the parameter a value is refused too.
                assert_=Fn.condition_not(
                    Fn.condition_equals(missing.value_as_string, missing.value_as_string)
                ),
                assert_description=f"{reason}; run make push-images first",
            )
        ],
    )

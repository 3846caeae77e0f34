"""`python -m localstack_image_lambda` runs LocalStack in the foreground, with this package's defaults."""

from localstack_image_lambda.launch import launch

if __name__ == "__main__":
    launch()

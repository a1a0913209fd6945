# From CloudWatch and not from the worker: at zero replicas it says nothing.
resource "aws_cloudwatch_metric_alarm" "queue_age" {
  alarm_name          = "${var.name}-queue-age"
  alarm_description   = "The oldest scan waits for more than ${var.queue_age_seconds} s: workers or GPU nodes do not come. See platform/runbooks/queue-age.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = var.queue_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.queue_age_seconds
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  # SQS sends no metrics for a queue that was empty for six hours.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_sns_topic.this.arn]
  ok_actions         = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "A scan was given up. See platform/runbooks/dead-letters.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_letters_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# Scaling from zero is broken when messages lie there and nobody takes one, whatever their age.
resource "aws_cloudwatch_metric_alarm" "nobody_works" {
  alarm_name          = "${var.name}-nobody-works"
  alarm_description   = "Messages wait and none was received for 15 minutes: scaling from zero is broken. See platform/runbooks/scale-from-zero.md"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]

  metric_query {
    id          = "stuck"
    label       = "messages that nobody takes"
    expression  = "IF(waiting > 0 AND FILL(received, 0) == 0, waiting, 0)"
    return_data = true
  }

  metric_query {
    id = "waiting"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = var.queue_name }
      stat        = "Maximum"
      period      = 300
    }
  }

  metric_query {
    id = "received"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "NumberOfMessagesReceived"
      dimensions  = { QueueName = var.queue_name }
      stat        = "Sum"
      period      = 300
    }
  }
}

# The budget holds the worst case, all nodes all month, so that reaching it would mean something that no code declares.
# It therefore rings at 80 % of it.
resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.budget.usd_per_month)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  # Counts what carries the tag, once project is activated as a cost allocation tag in the payer's account.
  cost_filter {
    name   = "TagKeyValue"
    values = ["user:project$${var.budget.project}"]
  }

  # Days before the money is spent …
  notification {
    notification_type          = "FORECASTED"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_sns_topic_arns  = [aws_sns_topic.this.arn]
    subscriber_email_addresses = var.emails
  }

  # … and when most of it is.
  notification {
    notification_type          = "ACTUAL"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_sns_topic_arns  = [aws_sns_topic.this.arn]
    subscriber_email_addresses = var.emails
  }

  depends_on = [aws_sns_topic_policy.this]
}

"""The order of resources that data does not show."""

import pulumi


def after(opts: pulumi.ResourceOptions, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """`opts`, with `resources` there before and gone after what gets them; those of `opts` itself stay."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))

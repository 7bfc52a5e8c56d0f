"""`@task.extract`: a function says what to read, the task extracts from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from extractor.airflow.operators import ExtractOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator

    from extractor.shards.work import Manifest

__all__ = ["extract_task"]


class _ExtractDecoratedOperator(DecoratedOperator, ExtractOperator):
    """ExtractOperator whose source is what a function returns."""

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *ExtractOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {**DecoratedOperator.template_fields_renderers}
    custom_operator_name = "@task.extract"
    overwrite_rtif_after_execution = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "multiple_outputs": False})  # a manifest is one value

    def execute(self, context: Context) -> Manifest:
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        self.source = self.python_callable(*self.op_args, **kwargs)
        return ExtractOperator.execute(self, context)


def extract_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a task of a function that returns a source; takes the keyword arguments of ExtractOperator but `source`."""
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,
        decorated_operator_class=_ExtractDecoratedOperator,
        **kwargs,
    )

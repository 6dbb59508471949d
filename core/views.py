"""Pages for machines that watch the clinic: is the process alive, and can the clinic work."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import health
from core.permissions import public


@public("A load balancer asks whether the process is alive; the answer says nothing else.")
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer while the process can answer; asks neither the database nor Redis."""
    return HttpResponse("ok\n", content_type="text/plain")


@public("A load balancer asks whether to send people here; the answer names parts of the system, no data.")
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the clinic can work, 503 with what is wrong when it cannot."""
    problems = health.problems()
    return JsonResponse({"ready": not problems, "problems": problems}, status=503 if problems else 200)

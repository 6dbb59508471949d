"""Products as bought and billed, indications, and what a clinic's people changed in either."""

from django.db import models

from accounts.models import Organization, User
from core.ids import new_id


class Product(models.Model):
    """A drug as bought and billed. `data` is the whole catalogue entry: every number with its source and confidence."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)
    generic = models.CharField(max_length=120, blank=True)
    is_immune_globulin = models.BooleanField()
    board_name = models.CharField(max_length=30, help_text="Short name for the board, such as IVIG.")
    data = models.JSONField()
    catalogue_version = models.CharField(max_length=20)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProductCode(models.Model):
    """The billing code of a product and the milligrams in one unit of it, while in force (dates inclusive).

    Rows without an organization come from the catalogue file; an organization's own rows count for it alone, and the
    one that began last is in force.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="codes")
    hcpcs = models.CharField(max_length=8)
    unit_mg = models.DecimalField(max_digits=8, decimal_places=3)
    label = models.CharField(max_length=60, blank=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    source = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=10, blank=True)
    made_by_label = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(unit_mg__gt=0), name="product_code_unit_positive")]

    def __str__(self) -> str:
        return f"{self.hcpcs} ({self.unit_mg} mg)"


class Indication(models.Model):
    """Why a drug is given. `data` holds usual regimens and the evidence payers ask for."""

    id = models.SlugField(primary_key=True, max_length=20)
    name = models.CharField(max_length=120)
    data = models.JSONField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CatalogueEdit(models.Model):
    """A number of the catalogue as an organization uses it from a date on, with its own source and confidence.

    `field` is a key of the product's or the indication's catalogue entry and `value` what stands there instead. The
    file is never changed by it, and loading the file again never undoes it. A withdrawn edit counts no more.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="edits")
    indication = models.ForeignKey(Indication, on_delete=models.PROTECT, null=True, blank=True, related_name="edits")
    field = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    effective_from = models.DateField()
    source = models.CharField(max_length=200)
    confidence = models.CharField(max_length=10)
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_by_label = models.CharField(max_length=150)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by_label = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["effective_from", "made_at"]
        indexes = [models.Index(fields=["organization", "product"], name="catalogue_edit_by_product")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(product__isnull=False, indication__isnull=True)
                | models.Q(product__isnull=True, indication__isnull=False),
                name="catalogue_edit_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} from {self.effective_from}"

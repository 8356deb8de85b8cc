"""The arms of tables and vectors: those that they share with images, and those of their own.

Classifiers of three families learn from rows: `logistic`, logistic regression; `shrinkage_lda`, linear discriminants
with a shrunk covariance; `gradient_boosting`, trees. The rest is as in `arms.py`: what made rows are added to is the
base that real rows alone show best on val, and then only what an arm draws differs.
"""

from augment.params.arm_row import ArmRow

SMOTE_SOURCES = ("smote", "borderline")  # imbalanced-learn makes them

TABLE_ONLY_ROWS = (
    ArmRow("logistic", "real", None, "balanced", "Logistic regression", "logistic", None, base=True, default=True,
           spoken="logistic regression"),
    ArmRow("shrinkage_lda", "real", None, "balanced", "Linear discriminants, covariance shrunk",
           "shrinkage_lda", None, base=True, default=True, spoken="linear discriminants with a shrunk covariance"),
    ArmRow("gradient_boosting", "real", None, "balanced", "Gradient boosting",
           "gradient_boosting", None, base=True, default=True, spoken="gradient boosting"),
    ArmRow("borderline_smote_half", "real", "borderline", "half", "Half SMOTE of rows where classes meet",
           default=True, spoken="SMOTE where classes meet as half of small classes"),
    ArmRow("borrowed_half", "real", "differences", "half", "Half rows varied by differences of others", default=True,
           spoken="rows varied by borrowed differences as half of small classes"),
    ArmRow("gaussian_half", "real", "gaussian", "half", "Half rows of a Gaussian, covariance pooled", default=True,
           spoken="rows of a Gaussian with pooled covariance as half of small classes"),
)  # fmt: skip
ROW_FAMILIES = tuple(row.name for row in TABLE_ONLY_ROWS if row.base)  # each named as the arm that is it alone
TABLE_ORDER = (  # of every arm that runs on rows; those of its own stand beside their likes
    "none", "oversample", "class_weights", "logit_adjusted", *(row.name for row in TABLE_ONLY_ROWS if row.base),
    "smote", "smote_half", *(row.name for row in TABLE_ONLY_ROWS if not row.base),
    "gan_fill", "gan_half", "gan_half_filtered", "gan_only", "copies_half", "shuffled", "noise",
)  # fmt: skip
TABLE_DEFAULT_ARMS = tuple(arm for arm in TABLE_ORDER if arm not in ("gan_only", "shuffled", "noise"))

"""Notes of a shift"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shift_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("shift_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shift_notes_at_ms"), ["at_ms"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("shift_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shift_notes_at_ms"))

    op.drop_table("shift_notes")

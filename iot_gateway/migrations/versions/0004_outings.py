"""Approved outings; fences with evidence of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outings",
        sa.Column("outing_id", sa.Text(), nullable=False),
        sa.Column("resident_id", sa.Text(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("escort", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("fence_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("outing_id"),
    )
    op.create_index("ix_outings_resident_id", "outings", ["resident_id"])
    op.create_index("ix_outings_until_ms", "outings", ["until_ms"])
    op.add_column("fences", sa.Column("evidence", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("fences", "evidence")
    op.drop_index("ix_outings_until_ms", "outings")
    op.drop_index("ix_outings_resident_id", "outings")
    op.drop_table("outings")

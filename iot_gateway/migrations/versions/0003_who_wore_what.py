"""Who wore which wristband when; birth dates, and the phones of streets"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wearings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("resident_id", sa.Text(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_wearings_resident_id", "wearings", ["resident_id"])
    op.create_index(
        "wearings_now", "wearings", ["device_id"], unique=True, sqlite_where=sa.text("to_ms IS NULL")
    )
    # Since when is not known: 0 says so.
    op.execute(
        "INSERT INTO wearings (device_id, resident_id, from_ms) SELECT device_id, resident_id, 0 FROM devices "
        "WHERE kind='wristband' AND resident_id IS NOT NULL AND NOT removed"
    )
    op.add_column("sites", sa.Column("street_phone", sa.Text(), nullable=True))
    op.add_column("residents", sa.Column("birth_date", sa.Text(), nullable=True))
    op.create_index("ix_alarms_resident_id", "alarms", ["resident_id"])


def downgrade() -> None:
    op.drop_index("ix_alarms_resident_id", "alarms")
    op.drop_column("residents", "birth_date")
    op.drop_column("sites", "street_phone")
    op.drop_index("wearings_now", "wearings")
    op.drop_index("ix_wearings_resident_id", "wearings")
    op.drop_table("wearings")

"""A shop in a bucket: the same as one in a folder, over the S3 protocol, from a server on loopback."""

import gzip
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import httpx
import psycopg
import pyarrow.csv
import pyarrow.parquet
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem  # type: ignore[import-untyped]

from personapulse import ingest
from personapulse.audiences import Audiences, Folder, exports, suppression
from personapulse.errors import PersonaPulseError
from personapulse.intent.registry import Registry

from .audience_shop import DAY, WHO, audience, fill, set_up
from .conftest import Shop, date
from .models import TRAINING, Chances

DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"]
SHOP = "s3://lake/shop"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """An S3 server that the environment names the way a user's would."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # credentials are looked for on this machine only
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    S3FileSystem.clear_instance_cache()  # a client keeps to the server it was made for
    yield server
    S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def bucket(server: ThreadedMotoServer) -> Any:
    """A client of the server, which has one bucket, `lake`, and nothing in it."""
    client = boto3.client("s3")
    httpx.post(f"{client.meta.endpoint_url}/moto-api/reset").raise_for_status()  # servers of one process share all
    client.create_bucket(Bucket="lake")
    return client


def upload(bucket: Any, folder: Path, ending: str = ".csv") -> None:
    """Put a day's folder below `s3://lake/shop`, its files in another form."""
    for file in folder.iterdir():
        content = file.read_bytes()
        if ending == ".csv.gz":
            content = gzip.compress(content)
        elif ending == ".parquet":
            parquet = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.csv.read_csv(file), parquet)  # typed: times, whole numbers, fractions
            content = parquet.getvalue()
        bucket.put_object(Bucket="lake", Key=f"shop/{folder.name}/{file.stem}{ending}", Body=content)


def upload_settings(bucket: Any, shop: Shop) -> None:
    bucket.upload_file(str(shop.folder / "source.yaml"), "lake", "shop/source.yaml")


def deliver(shop: Shop) -> None:
    """Write three days with news, corrections and a row that cannot be used."""
    for day, status in zip(DAYS, ("Pending", "Paid", "Refunded"), strict=True):
        shop.deliver(
            day,
            users=f"user_id,signup_date,age\nu1,2026-01-01,30\nu{day[-1]}0,{day},44",
            products=f"product_id,name,category,price\np1,Pen {day},Office,2.5",
            orders=f"order_id,user_id,order_date,payment_status\no1,u1,2026-03-01 09:30:00,{status}",
            order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,p1,2,2.5",
            returns="order_id,product_id,returned_at" + (f"\no1,p1,{day} 18:00:00" if status == "Refunded" else ""),
            product_views=f"user_id,product_id,timestamp\nu1,p1,{day} 08:00:00\nu1,,{day} 08:01:00",
        )
    shop.settings("time_zone: Europe/Lisbon\nquarantine: {product_views: {rules: {missing_product_id: 1.0}}}")


def test_a_bucket_is_loaded_like_a_folder_in_every_form_of_file(shop: Shop, bucket: Any) -> None:
    deliver(shop)
    shop.load(*DAYS)
    from_folder = shop.fingerprint()
    quarantined = shop.rows("select source_day, file, line_no, rule, reason from ops.quarantine order by 1, 2")
    shop.forget()
    shop.warehouse.execute("truncate ops.quarantine; delete from ops.shop")
    upload_settings(bucket, shop)
    for day, ending in zip(DAYS, (".csv", ".csv.gz", ".parquet"), strict=True):
        upload(bucket, shop.folder / day, ending)
    source = ingest.Source(SHOP)
    assert source.settings.time_zone == "Europe/Lisbon"
    assert source.days() == [date(day) for day in DAYS]
    assert ingest.load_history(shop.warehouse, source, date(DAYS[0]), date(DAYS[-1]), lambda said: None) == 3
    assert shop.fingerprint() == from_folder
    assert len(quarantined) == 3
    assert shop.rows("select source_day, file, line_no, rule, reason from ops.quarantine order by 1, 2") == quarantined
    assert shop.values(
        "select address from ops.loads inner join ops.quarantine using (source_day, file) order by source_day"
    ) == [f"{SHOP}/{DAYS[0]}/product_views.csv", f"{SHOP}/{DAYS[1]}/product_views.csv.gz",
          f"{SHOP}/{DAYS[2]}/product_views.parquet"]  # fmt: skip


def test_each_file_is_fetched_once(shop: Shop, bucket: Any, caplog: pytest.LogCaptureFixture) -> None:
    deliver(shop)
    upload_settings(bucket, shop)
    upload(bucket, shop.folder / DAYS[0])
    source = ingest.Source(SHOP)
    with caplog.at_level(logging.INFO, logger="werkzeug"):  # the server's log of requests
        ingest.stage(shop.warehouse, source, date(DAYS[0]))  # product_views has a bad row: that file is read twice
        ingest.merge(shop.warehouse, source, date(DAYS[0]))
    fetched = Counter(re.findall(r"GET /lake/shop/\S+/(\w+)\.csv", caplog.text))
    assert fetched == dict.fromkeys(["users", "products", "orders", "order_items", "returns", "product_views"], 1)


def test_what_is_missing_or_refused_is_named_by_its_address_in_the_bucket(shop: Shop, bucket: Any) -> None:
    deliver(shop)
    (shop.folder / DAYS[0] / "returns.csv").unlink()
    upload(bucket, shop.folder / DAYS[0])
    with pytest.raises(PersonaPulseError, match=rf"Missing: {SHOP}/{DAYS[0]}/returns\.csv"):
        ingest.stage(shop.warehouse, ingest.Source(SHOP), date(DAYS[0]))
    upload(bucket, shop.folder / DAYS[1])  # without source.yaml, half of its views are too many to be bad
    with pytest.raises(PersonaPulseError, match=rf"{SHOP}/{DAYS[1]}/product_views\.csv: 1 of 2 rows are bad.*line 3"):
        ingest.stage(shop.warehouse, ingest.Source(SHOP), date(DAYS[1]))


def test_a_day_that_arrives_is_seen_by_those_who_looked_before(shop: Shop, bucket: Any) -> None:
    deliver(shop)
    upload(bucket, shop.folder / DAYS[0])
    source = ingest.Source(SHOP)
    assert source.days() == [date(DAYS[0])]
    assert source.missing(date(DAYS[1])) == [f"{SHOP}/{DAYS[1]}"]
    (shop.folder / DAYS[1] / "users.csv").rename(shop.folder / "users.csv")
    upload(bucket, shop.folder / DAYS[1])
    for looking in (source, ingest.Source(SHOP)):
        assert looking.missing(date(DAYS[1])) == [f"{SHOP}/{DAYS[1]}/users.csv"]
    (shop.folder / "users.csv").rename(shop.folder / DAYS[1] / "users.csv")
    upload(bucket, shop.folder / DAYS[1])
    for looking in (source, ingest.Source(SHOP)):
        assert looking.missing(date(DAYS[1])) == []
        assert looking.days() == [date(day) for day in DAYS[:2]]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://pond/shop", "is not a folder (The specified bucket does not exist)"),
        ("s3://lake/elsewhere", "is not a folder (nothing is there)"),
        ("s3://lake/note.txt", "is not a folder."),
    ],
)
def test_a_bucket_or_folder_that_is_not_there_is_said_so(bucket: Any, url: str, why: str) -> None:
    bucket.put_object(Bucket="lake", Key="note.txt", Body=b"")
    with pytest.raises(PersonaPulseError, match=re.escape(f"The source {url} {why}")):
        ingest.Source(url)


def test_a_server_that_is_away_is_told_from_a_shop_without_settings(
    shop: Shop, bucket: Any, server: ThreadedMotoServer
) -> None:
    deliver(shop)
    upload(bucket, shop.folder / DAYS[0])
    source = ingest.Source(SHOP)
    server.stop()
    for ask in (
        lambda: source.settings,
        source.days,
        lambda: source.missing(date(DAYS[0])),
        lambda: ingest.Source(SHOP),
    ):
        with pytest.raises(PersonaPulseError, match=rf"{SHOP}\S* cannot be reached: .*{bucket.meta.endpoint_url}"):
            ask()


def test_without_credentials_the_message_says_so(bucket: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    S3FileSystem.clear_instance_cache()
    with pytest.raises(PersonaPulseError, match=f"The source {SHOP} cannot be reached: Unable to locate credentials"):
        ingest.Source(SHOP)


def test_a_models_artifact_and_card_are_kept_in_a_bucket(
    warehouse: psycopg.Connection[Any], bucket: Any, tmp_path: Path
) -> None:
    models = Registry("s3://lake/models")
    saved = models.save(warehouse, Chances("far away"), TRAINING)
    (tmp_path / "card.md").write_text("# A model")
    assert models.keep_card(warehouse, saved, tmp_path).card_url == f"s3://lake/models/{saved.model_version}/card.md"
    assert models.load(saved) == Chances("far away")
    keys = {one["Key"] for one in bucket.list_objects_v2(Bucket="lake")["Contents"]}
    assert keys == {f"models/{saved.model_version}/{name}" for name in ("card.md", "model.joblib")}  # and no halves
    bucket.delete_object(Bucket="lake", Key=f"models/{saved.model_version}/model.joblib")
    with pytest.raises(PersonaPulseError, match=r"neither at s3://lake/models/.*/model\.joblib"):
        models.load(saved)


def test_an_audience_lands_in_a_bucket_whole_and_in_place_of_a_former_one(
    bucket: Any, warehouse: psycopg.Connection[Any]
) -> None:
    fill(warehouse, ["ann", "bob"])
    key = f"audiences/{DAY}/win-back.csv"
    for expected in (["ann", "bob"], ["bob"]):
        (outcome,) = exports.export(
            warehouse, Audiences("salt", {}), audience(Folder("s3://lake/audiences")), DAY, set_up=set_up(), who=WHO
        )
        assert outcome.state == "exported", outcome.told
        lines = bucket.get_object(Bucket="lake", Key=key)["Body"].read().decode().splitlines()
        assert [line.split(",")[2] for line in lines[1:]] == expected
        suppression.suppress(warehouse, ["ann"], "asked")
    assert [found["Key"] for found in bucket.list_objects_v2(Bucket="lake")["Contents"]] == [key]

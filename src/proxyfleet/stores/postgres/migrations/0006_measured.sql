-- What checks have found of a proxy beside its labels; a JSON object, see `stores.records`.

ALTER TABLE proxies ADD COLUMN measured text;

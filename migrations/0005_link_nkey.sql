-- With what the other side of a link signs in to our NATS server; null where it does not.
ALTER TABLE link ADD COLUMN nkey TEXT;

-- Whether these proxies still have the exits that they were seen with, and as many `members` as were seen are behind `exits`.
-- Exits change while others decide. The lock is kept to the end of the transaction: who decides alone waits for what is
-- written after this, so either the change is noticed here, or what is written is noticed there.
CREATE FUNCTION exits_stand(ids bigint[], addresses text[], exits text[], members int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN true;
    END IF;
    PERFORM share_terms_lock();
    RETURN NOT EXISTS (
        SELECT FROM unnest(ids, addresses) AS w (id, exit) JOIN proxies p USING (id)
        WHERE p.measured::json ->> 'exit_address' IS DISTINCT FROM w.exit
    ) AND members = (
        SELECT count(*) FROM unnest(exits) AS w (exit) JOIN proxies p
            ON p.measured IS NOT NULL AND p.measured::json ->> 'exit_address' = w.exit AND p.kind = 'static'
    );
END
$$;

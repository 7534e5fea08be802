-- Claims: slots, pairs, idempotency keys, and how the database decides about them.

-- One row per slot that was ever used, so that fences only grow. No column that changes often is indexed, which keeps updates
-- within their page. `revision` grows with every write: who decides elsewhere writes only over what it has seen.
CREATE TABLE leases (
    pool      bigint NOT NULL,
    slot      int NOT NULL CHECK (slot >= 0),
    fence     bigint NOT NULL CHECK (fence > 0),
    proxy_id  bigint NOT NULL,
    principal text NOT NULL,
    label     text NOT NULL,
    resource  text,
    session   text NOT NULL,
    granted   float8 NOT NULL,
    expires   float8 NOT NULL,
    revision  bigint NOT NULL,
    PRIMARY KEY (pool, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Leases of a proxy in the pool of another; rare, so the index costs nothing.
CREATE INDEX lease_guests ON leases (proxy_id) WHERE pool <> proxy_id;

CREATE TABLE holds (
    proxy_id  bigint NOT NULL,
    resource  text NOT NULL,
    session   text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('reservation', 'assignment', 'cooling', 'free')),
    principal text NOT NULL,
    label     text NOT NULL,
    since     float8 NOT NULL,
    until     float8 NOT NULL,
    version   bigint NOT NULL,
    token     text NOT NULL,
    revision  bigint NOT NULL,
    PRIMARY KEY (proxy_id, resource, session)
) WITH (fillfactor = 70);

CREATE INDEX free_holds ON holds (until) WHERE kind = 'free';

CREATE TABLE claim_keys (
    principal text NOT NULL,
    key       text NOT NULL,
    arguments text NOT NULL,
    tokens    text NOT NULL,
    until     float8 NOT NULL,
    PRIMARY KEY (principal, key)
);

CREATE INDEX old_claim_keys ON claim_keys (until);

-- Every fence that is given out is beyond it, also of a slot of which nothing is known: see `restored`.
CREATE FUNCTION fence_base() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT s.value::bigint FROM settings s WHERE s.name = 'fence_base'), 0)
$$;

-- Decides plain orders, each about a slot of its own and in the order of slots: claims of one lease without resource and key
-- (fence 0), renewals, and releases (ttl 0). A claim that is `alone`, the only order of its pool, gets the lowest free slot
-- instead of one that is taken; where nobody claims to be alone, nobody is asked. Rows are written in the order of slots, so that no two batches wait for each other in a circle. What
-- does not go smoothly is left alone, for whoever knows the whole meaning of orders. If one that is left alone, here or from the
-- start (`left_out`), comes before one of the same pool that was done, their order matters: all is undone and `tangled`. `b` are
-- the further pools that claims may touch. In the rows to insert, `revision` tells the kind of order and `session` the operator.
CREATE FUNCTION decide_plain(
    node text, shift float8, a_nth int[], a_pool bigint[], a_slot int[], a_fence bigint[], a_proxy bigint[],
    a_principal text[], a_label text[], a_ttl float8[], a_alone boolean[], b_nth int[], b_pool bigint[], left_out int[],
    OUT now float8, OUT tangled boolean, OUT pools bigint[], OUT slots int[], OUT fences bigint[], OUT proxies bigint[],
    OUT principals text[], OUT labels text[], OUT sessions text[], OUT since float8[], OUT until float8[]
) LANGUAGE plpgsql AS $$
DECLARE
    done_nth int[] := '{}';
    done_pool bigint[] := '{}';
    nth_result int := 1;
    other record;
    base bigint;
BEGIN
    PERFORM share_terms_lock();
    base := fence_base();
    now := date_part('epoch', clock_timestamp()) + shift;
    tangled := false;
    IF true = ANY (a_alone) THEN
        FOR other IN
            SELECT w.nth, (
                SELECT g.slot
                FROM generate_series(0, coalesce(q.capacity, CASE WHEN q.kind = 'rotating' THEN 1000 ELSE 5 END) - 1) g (slot)
                WHERE NOT EXISTS (
                    SELECT FROM leases o WHERE o.pool = w.pool AND o.slot = g.slot AND o.expires > decide_plain.now
                )
                LIMIT 1
            ) AS slot
            FROM unnest(a_pool, a_slot, a_alone) WITH ORDINALITY AS w (pool, slot, alone, nth)
            JOIN leases r ON w.alone AND r.pool = w.pool AND r.slot = w.slot AND r.expires > decide_plain.now
            JOIN proxies q ON q.id = w.pool
        LOOP
            a_slot[other.nth] := coalesce(other.slot, a_slot[other.nth]);
        END LOOP;
    END IF;
    WITH changed AS (
        INSERT INTO leases AS l (
            pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires, revision
        )
        SELECT w.pool, w.slot, greatest(w.fence, base + 1), w.proxy, coalesce(w.principal, ''), w.label, NULL,
            CASE
                WHEN w.fence = 0 THEN CASE WHEN p.kind = 'rotating' THEN w.pool || 'x' || w.slot || 'f' || (base + 1) ELSE '' END
                WHEN w.principal IS NULL THEN '*'
                ELSE ''
            END,
            decide_plain.now,
            CASE WHEN w.ttl = 0 THEN 0 ELSE least(decide_plain.now + w.ttl, p.expires_at) END,
            CASE WHEN w.fence = 0 THEN 0 WHEN w.ttl = 0 THEN 1 ELSE 2 END
        FROM unnest(a_pool, a_slot, a_fence, a_proxy, a_principal, a_label, a_ttl)
            AS w (pool, slot, fence, proxy, principal, label, ttl)
        -- Each row is looked up only where it is needed: nothing equals NULL.
        LEFT JOIN leases r ON r.pool = w.pool AND r.slot = CASE WHEN w.fence <> 0 THEN w.slot END AND r.fence = w.fence
        LEFT JOIN proxies p ON p.id = CASE WHEN w.fence = 0 THEN w.proxy WHEN w.ttl > 0 THEN r.proxy_id END
        LEFT JOIN proxies q ON q.id = CASE WHEN w.fence = 0 AND w.pool <> w.proxy THEN w.pool END
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN w.pool = w.proxy THEN coalesce(p.capacity, CASE WHEN p.kind = 'rotating' THEN 1000 ELSE 5 END)
                WHEN q.id IS NOT NULL THEN coalesce(q.capacity, CASE WHEN q.kind = 'rotating' THEN 1000 ELSE 5 END)
            END AS capacity
        ) c
        WHERE CASE
            WHEN w.fence = 0 THEN
                p.status <> 'disabled' AND coalesce(p.expires_at > decide_plain.now, true)
                AND w.slot < c.capacity
                AND NOT EXISTS (
                    SELECT FROM leases o
                    WHERE o.pool = w.pool AND o.slot >= c.capacity AND o.expires > decide_plain.now
                )
            ELSE r.fence IS NOT NULL AND (w.ttl = 0 OR p.id IS NOT NULL)
        END
        ORDER BY w.pool, w.slot
        ON CONFLICT (pool, slot) DO UPDATE SET
            fence = CASE excluded.revision WHEN 0 THEN greatest(l.fence, base) + 1 ELSE l.fence END,
            proxy_id = CASE excluded.revision WHEN 0 THEN excluded.proxy_id ELSE l.proxy_id END,
            principal = CASE excluded.revision WHEN 0 THEN excluded.principal ELSE l.principal END,
            label = CASE excluded.revision WHEN 0 THEN excluded.label ELSE l.label END,
            resource = NULL,
            session = CASE
                WHEN excluded.revision <> 0 THEN l.session
                WHEN excluded.session = '' THEN ''
                ELSE l.pool || 'x' || l.slot || 'f' || (greatest(l.fence, base) + 1)
            END,
            -- The instant of now and not of the beginning: whoever had the slot before may have ended while this one waited.
            granted = CASE excluded.revision
                WHEN 0 THEN date_part('epoch', clock_timestamp()) + shift
                ELSE l.granted
            END,
            expires = CASE excluded.revision WHEN 2 THEN greatest(l.expires, excluded.expires) ELSE excluded.expires END,
            revision = l.revision + 1
        WHERE CASE excluded.revision
            WHEN 0 THEN l.expires <= decide_plain.now
            ELSE l.fence = excluded.fence AND l.resource IS NULL
                AND l.expires > date_part('epoch', clock_timestamp()) + shift
                AND (excluded.session = '*' OR l.principal = excluded.principal)
        END
        RETURNING l.*
    )
    SELECT array_agg(d.pool), array_agg(d.slot), array_agg(d.fence), array_agg(d.proxy_id), array_agg(d.principal),
        array_agg(d.label), array_agg(d.session), array_agg(d.granted), array_agg(d.expires)
    INTO pools, slots, fences, proxies, principals, labels, sessions, since, until
    FROM (SELECT * FROM changed ORDER BY pool, slot) d;
    IF pools IS NOT NULL THEN
        INSERT INTO feed (node, kind, what) VALUES (
            decide_plain.node, 'leases',
            json_build_array(pools, slots, fences, proxies, principals, labels, sessions, since, until)::text
        );
    END IF;
    IF cardinality(pools) IS DISTINCT FROM cardinality(a_nth) OR cardinality(left_out) > 0 THEN
        FOR i IN 1 .. cardinality(a_nth) LOOP
            IF pools[nth_result] = a_pool[i] AND slots[nth_result] = a_slot[i] THEN
                nth_result := nth_result + 1;
                done_nth := done_nth || a_nth[i];
                done_pool := done_pool || a_pool[i];
            ELSE
                left_out := left_out || a_nth[i];
            END IF;
        END LOOP;
        PERFORM FROM (
            SELECT * FROM unnest(a_nth, a_pool) UNION ALL SELECT * FROM unnest(b_nth, b_pool)
        ) AS o (nth, pool)
        JOIN unnest(done_nth, done_pool) AS d (nth, pool) ON d.pool = o.pool AND d.nth > o.nth
        WHERE o.nth = ANY (left_out);
        IF found THEN
            RAISE EXCEPTION 'tangled' USING ERRCODE = 'PF001';
        END IF;
    END IF;
EXCEPTION
    WHEN SQLSTATE 'PF001' THEN
        tangled := true;
END
$$;

-- Writes what was decided elsewhere from what `look` has shown: all of it, or nothing and false when any of that has changed
-- since, or a lease that was running has expired. `deadline` is the soonest of those expiries.
CREATE FUNCTION put_claims(
    generation bigint, deadline float8, shift float8, node text, news text,
    l_pool bigint[], l_slot int[], l_fence bigint[], l_proxy bigint[], l_principal text[], l_label text[], l_resource text[],
    l_session text[], l_granted float8[], l_expires float8[], l_revision bigint[],
    h_proxy bigint[], h_resource text[], h_session text[], h_kind text[], h_principal text[], h_label text[],
    h_since float8[], h_until float8[], h_version bigint[], h_token text[], h_revision bigint[],
    k_principal text[], k_key text[], k_arguments text[], k_tokens text[], k_until float8[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    written int;
BEGIN
    PERFORM share_terms_lock();
    IF (SELECT s.generation FROM inventory_state s) <> put_claims.generation
        OR date_part('epoch', clock_timestamp()) + shift >= deadline
    THEN
        RETURN false;
    END IF;
    INSERT INTO leases AS l
    SELECT * FROM unnest(
        l_pool, l_slot, l_fence, l_proxy, l_principal, l_label, l_resource, l_session, l_granted, l_expires, l_revision
    ) AS w (pool, slot)
    ORDER BY w.pool, w.slot
    ON CONFLICT (pool, slot) DO UPDATE SET fence = excluded.fence, proxy_id = excluded.proxy_id,
        principal = excluded.principal, label = excluded.label, resource = excluded.resource,
        session = excluded.session, granted = excluded.granted, expires = excluded.expires,
        revision = excluded.revision
    WHERE l.revision = excluded.revision - 1;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(l_pool) THEN
        RAISE EXCEPTION 'changed' USING ERRCODE = 'PF001';
    END IF;
    INSERT INTO holds AS h
    SELECT * FROM unnest(
        h_proxy, h_resource, h_session, h_kind, h_principal, h_label, h_since, h_until, h_version, h_token, h_revision
    ) AS w (proxy_id, resource, session)
    ORDER BY w.proxy_id, w.resource, w.session
    ON CONFLICT (proxy_id, resource, session) DO UPDATE SET kind = excluded.kind, principal = excluded.principal,
        label = excluded.label, since = excluded.since, until = excluded.until, version = excluded.version,
        token = excluded.token, revision = excluded.revision
    WHERE h.revision = excluded.revision - 1;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(h_proxy) THEN
        RAISE EXCEPTION 'changed' USING ERRCODE = 'PF001';
    END IF;
    INSERT INTO claim_keys AS k
    SELECT * FROM unnest(k_principal, k_key, k_arguments, k_tokens, k_until) AS w (principal, key)
    ORDER BY w.principal, w.key
    ON CONFLICT (principal, key) DO UPDATE SET arguments = excluded.arguments, tokens = excluded.tokens,
        until = excluded.until
    WHERE k.until <= date_part('epoch', clock_timestamp()) + shift;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(k_key) THEN
        RAISE EXCEPTION 'changed' USING ERRCODE = 'PF001';
    END IF;
    INSERT INTO feed (node, kind, what) VALUES (put_claims.node, 'claims', news);
    RETURN true;
EXCEPTION
    WHEN SQLSTATE 'PF001' THEN
        RETURN false;
END
$$;

-- The running leases that a sweep may mean. Reads the whole table whatever the session prefers otherwise.
CREATE FUNCTION sweepable(
    now float8, of_principal text, of_label text, of_proxy bigint, of_resource text, only_reservations boolean
) RETURNS SETOF leases LANGUAGE sql STABLE SET enable_seqscan = on AS $$
    SELECT * FROM leases l
    WHERE l.expires > now
        AND (of_principal IS NULL OR l.principal = of_principal)
        AND (of_label IS NULL OR l.label = of_label)
        AND (of_proxy IS NULL OR l.proxy_id = of_proxy)
        AND (of_resource IS NULL OR l.resource = of_resource)
        AND (NOT only_reservations OR l.resource IS NOT NULL)
$$;

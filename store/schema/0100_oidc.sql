-- 1: whoever vouched for the sign-in (OIDC) has also asked for a second factor.
ALTER TABLE session ADD COLUMN strong INTEGER NOT NULL DEFAULT 0;

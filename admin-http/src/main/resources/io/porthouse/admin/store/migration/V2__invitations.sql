-- Leave to make one account each. Accounts are named without references: what they did outlives them.
create table invitations (
    id varchar(32) ${binary} primary key,
    code_hash varchar(64) not null unique,
    invited_by varchar(64) not null,
    role varchar(16) not null,
    created_at timestamp(3) with time zone not null,
    expires_at timestamp(3) with time zone not null,
    used_by varchar(64)
);

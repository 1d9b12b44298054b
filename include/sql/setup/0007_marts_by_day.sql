-- A mart with a row per customer is partitioned by day: a day is written as a table of its own, by several processes, its
-- key is built at once, and the former day is dropped, not deleted row by row.
--
-- Days built before stay readable in a default partition, and go when they are built anew.

alter table marts.rfm rename to rfm_before;
alter index marts.rfm_pkey rename to rfm_before_pkey;
create table marts.rfm (like marts.rfm_before, primary key (as_of_date, user_id)) partition by list (as_of_date);
alter table marts.rfm attach partition marts.rfm_before default;

alter table marts.ltv rename to ltv_before;
alter index marts.ltv_pkey rename to ltv_before_pkey;
create table marts.ltv (like marts.ltv_before, primary key (as_of_date, user_id)) partition by list (as_of_date);
alter table marts.ltv attach partition marts.ltv_before default;

alter table marts.customer_profile rename to customer_profile_before;
alter index marts.customer_profile_pkey rename to customer_profile_before_pkey;
create table marts.customer_profile (like marts.customer_profile_before, primary key (as_of_date, user_id))
partition by list (as_of_date);
alter table marts.customer_profile attach partition marts.customer_profile_before default;

alter table marts.personas rename to personas_before;
alter index marts.personas_pkey rename to personas_before_pkey;
create table marts.personas (like marts.personas_before, primary key (as_of_date, user_id)) partition by list (as_of_date);
alter table marts.personas attach partition marts.personas_before default;

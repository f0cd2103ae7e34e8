-- A resend is settled, released and pruned by its delivery.
CREATE INDEX resends_by_delivery ON resends (delivery_id, lease);

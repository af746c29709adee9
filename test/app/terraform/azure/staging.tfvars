environment            = "staging"
node_size              = "Standard_D2ds_v5"
node_count             = { min = 1, max = 3 }
authorized_ip_ranges   = ["203.0.113.0/24"]
admin_group_object_ids = ["00000000-0000-0000-0000-000000000000"]
database_sku           = "B_Standard_B1ms"
redis_sku              = "Balanced_B0"
highly_available       = false

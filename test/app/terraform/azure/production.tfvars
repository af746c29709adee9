environment            = "production"
node_size              = "Standard_D4ds_v5"
node_count             = { min = 3, max = 10 }
authorized_ip_ranges   = ["203.0.113.0/24"]
admin_group_object_ids = ["00000000-0000-0000-0000-000000000000"]
database_sku           = "GP_Standard_D2ds_v5"
redis_sku              = "Balanced_B1"
highly_available       = true

environment   = "production"
replicas      = 3
rotation_days = 30

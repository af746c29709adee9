resource "time_rotating" "this" {
  rotation_days = var.rotation_days
}

# A new one takes the place of the old when its time has come, or when somebody asks for it.
resource "terraform_data" "this" {
  input            = { user = var.user }
  triggers_replace = [time_rotating.this.id, var.generation]
}

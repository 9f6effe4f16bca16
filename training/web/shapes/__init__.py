"""What answers about runs look like, where no serializer makes them: for the API's description."""

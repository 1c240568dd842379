# Runs when the deployment failed: says why, for those who read the log.
echo "DeployFailed: cleaning up after: $(get_octopusvariable "OctopusLastErrorMessage")"

"""Tests of ecu_bundle.loading."""

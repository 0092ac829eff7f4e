// Package airflow runs Tributary's nights on real Airflow servers, and drives them by `tributary airflow`. Its tests are behind the
// build tag airflow: make test-airflow installs what they need.
package airflow

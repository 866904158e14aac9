{{/* The name of the VotingApp, with which the names of its objects begin. */}}
{{- define "poll.name" -}}
{{- .Values.fullnameOverride | default .Release.Name -}}
{{- end -}}

{{- define "poll.labels" -}}
app.kubernetes.io/name: voteapp-poll
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: voteapp
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

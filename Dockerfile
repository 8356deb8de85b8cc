# A project with the built-in example, run by default:
#
#     docker build -t gan-augment . && docker run --name first gan-augment
#     docker cp first:/project/reports/report.html .
#
# With images of your own, a folder for each class:
#
#     docker run -it -v "$PWD/photos:/project/data/raw" gan-augment bash
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN pip install --no-cache-dir -c /source/constraints.txt "/source[pipeline]" && augment new /project
WORKDIR /project
CMD ["sh", "-c", "dvc repro && augment verdict"]

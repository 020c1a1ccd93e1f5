"""What a large fleet asks of a stage on AWS: a model day as calls a second, the units of each kind of item and of each
partition, and which limit binds first. Arithmetic on paper: nothing is asked of AWS, and nothing is random.
"""
